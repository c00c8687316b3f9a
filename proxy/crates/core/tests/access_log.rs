//! Lines of the access log.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use hauberk_core::access_log::{Answered, Asked, Circumstances, Format, line};
use http::{Request, Response, Version};
use proptest::prelude::*;

const ID: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";

fn circumstances(at: Duration) -> Circumstances<'static> {
    Circumstances {
        client: "10.77.0.9:5000".parse().unwrap(),
        client_id: Some(ID),
        at,
        total: Duration::from_micros(1500),
        processing: Duration::from_micros(20),
    }
}

fn asked(uri: &str) -> Asked {
    let request = Request::post(uri).version(Version::HTTP_2).header("content-length", "5");
    Asked::of(&request.header("user-agent", "a \"b\"").header("x-request-id", "7").body(()).unwrap())
}

fn answered() -> Answered {
    Answered::of(&Response::builder().status(303).header("content-length", "12").body(()).unwrap())
}

#[test]
fn a_line_in_the_common_format_names_client_time_request_and_status() {
    let at = Duration::new(1_661_286_500, 71_809_491);
    let written = line(Format::Apache, &circumstances(at), &asked("http://web:80/a?b"), Some(&answered()));
    let moment = "2022-08-23T20:28:20.071809491Z";
    assert_eq!(written, format!("10.77.0.9:5000 {ID} - [{moment}] \"POST http://web:80/a?b HTTP/2.0\" 303\n"));
    let anonymous = Circumstances { client_id: None, ..circumstances(Duration::ZERO) };
    let unanswered = line(Format::Apache, &anonymous, &asked("/a\"b"), None);
    assert_eq!(unanswered, "10.77.0.9:5000 - - [1970-01-01T00:00:00.000000000Z] \"POST /a\\\"b HTTP/2.0\" -\n");
}

#[test]
fn an_object_has_the_fields_of_the_contract() {
    let at = Duration::from_secs(951_826_554);
    let written = line(Format::Json, &circumstances(at), &asked("/a\"b"), Some(&answered()));
    let expected = format!(
        "{{\"client.addr\":\"10.77.0.9:5000\",\"client.id\":\"{ID}\",\"host\":\"\",\"method\":\"POST\",\
         \"processing_ns\":\"20000\",\"request_bytes\":\"5\",\"response_bytes\":\"12\",\
         \"timestamp\":\"2000-02-29T12:15:54.000000000Z\",\"total_ns\":\"1500000\",\"trace_id\":\"7\",\
         \"uri\":\"/a\\\"b\",\"user_agent\":\"a \\\"b\\\"\",\"version\":\"HTTP/2.0\",\"status\":303}}\n"
    );
    assert_eq!(written, expected);
    assert!(!line(Format::Json, &circumstances(at), &asked("/"), None).contains("status"));
}

proptest! {
    #[test]
    fn whatever_a_client_says_stays_within_its_field(agent in "[ -~\\t\u{80}-\u{ff}]{0,40}") {
        let bytes: Vec<u8> = agent.chars().map(|c| c as u8).collect();
        let Ok(value) = http::HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let asked = Asked::of(&Request::get("/").header("user-agent", value.clone()).body(()).unwrap());
        let written = line(Format::Json, &circumstances(Duration::ZERO), &asked, Some(&answered()));
        prop_assert_eq!(written.matches('\n').count(), 1);
        let fields: serde_json::Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(fields["user_agent"].as_str(), Some(value.to_str().unwrap_or_default()));
    }

    #[test]
    fn days_follow_each_other(day in 0u64..200_000) {
        let of = |day| {
            let circumstances = circumstances(Duration::from_secs(day * 86_400));
            let written = line(Format::Apache, &circumstances, &asked("/"), None);
            let at = written.find('[').unwrap();
            let part = |from: usize, to: usize| written[at + from..at + to].parse::<u64>().unwrap();
            (part(1, 5), part(6, 8), part(9, 11))
        };
        let ((year, month, date), next) = (of(day), of(day + 1));
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
        let expected = match (date == last, month) {
            (false, _) => (year, month, date + 1),
            (true, 12) => (year + 1, 1, 1),
            (true, _) => (year, month + 1, 1),
        };
        prop_assert_eq!(next, expected);
    }
}
