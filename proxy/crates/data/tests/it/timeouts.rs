//! Limits of time that pass, and the word for each in the families of routes.

use std::time::Duration;

use hauberk_core::outbound::Retry;
use hauberk_core::route::Timeouts;

use crate::support::endings::{GET, begun, counted, is_counted, tried};
use crate::support::run;
use crate::support::table::{balanced, retry};
use crate::support::ways::{Way, Ways};

const WAYS: [Way; 2] = [Way::Both, Way::Outbound];
const FAILS: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const LIMIT: Duration = Duration::from_millis(200);

async fn limited(timeouts: Timeouts, again: Option<Retry>) -> Ways {
    let ways = Ways::new().await;
    ways.table.target.send_replace(Some(balanced(|action| {
        action.timeouts = timeouts;
        action.retry.clone_from(&again);
    })));
    ways
}

/// Each limit of a whole request or of its response, alone and as the shorter one of two, with its word.
fn limits() -> [(Timeouts, &'static str); 4] {
    let of = |request, response| Timeouts { request, response, ..Timeouts::default() };
    let long = Some(60 * LIMIT);
    [
        (of(Some(LIMIT), None), "REQUEST_TIMEOUT"),
        (of(Some(LIMIT), long), "REQUEST_TIMEOUT"),
        (of(None, Some(LIMIT)), "RESPONSE_STREAM_TIMEOUT"),
        (of(long, Some(LIMIT)), "RESPONSE_STREAM_TIMEOUT"),
    ]
}

#[test]
fn a_request_without_an_answer_counts_by_the_limit_that_passed() {
    run(async {
        for way in WAYS {
            for (timeouts, word) in limits() {
                let ways = limited(timeouts, None).await;
                let mut client = ways.client(way).await;
                client.say(GET).await;
                let mut program = ways.served().await;
                program.head().await;
                assert!(client.head().await.starts_with("HTTP/1.1 504 "), "{way:?}");
                is_counted(&ways, way, word).await;
                let errors = ways.outbound.count("outbound_http_errors_total", &["error=\"response timeout\""]);
                assert_eq!(errors, 1.0, "{way:?}: the proxy's own answers are called as before");
            }
        }
    });
}

#[test]
fn an_answer_that_lasts_too_long_counts_by_the_limit_that_passed() {
    run(async {
        for way in WAYS {
            for (timeouts, word) in limits() {
                let ways = limited(timeouts, None).await;
                let (mut client, _program) = begun(&ways, way).await;
                assert_eq!(client.rest().await.0, "", "{way:?}: no more of it comes");
                is_counted(&ways, way, word).await;
            }
        }
    });
}

#[test]
fn a_try_without_the_head_of_an_answer_has_a_word_of_its_own() {
    run(async {
        for way in WAYS {
            let one = Retry { timeout: Some(LIMIT), max_retries: 1, ..retry(503) };
            let ways = limited(Timeouts::default(), Some(one)).await;
            let mut client = ways.client(way).await;
            client.say(GET).await;
            assert!(client.head().await.starts_with("HTTP/1.1 504 "), "{way:?}");
            let word = "RESPONSE_HEADERS_TIMEOUT";
            assert_eq!((counted(&ways, way, word), tried(&ways, word)), ((1.0, 1.0), 2.0), "{way:?}");
        }
    });
}

#[test]
fn the_time_of_an_answer_begins_anew_with_each_try() {
    run(async {
        let timeouts = Timeouts { response: Some(LIMIT), ..Timeouts::default() };
        let mut again = retry(503);
        again.backoff.min = LIMIT / 2;
        again.backoff.max = LIMIT / 2;
        let ways = limited(timeouts, Some(again)).await;
        let mut client = ways.client(Way::Outbound).await;
        client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab").await;
        let mut program = ways.served().await;
        program.until("\r\n\r\nab").await;
        program.say(FAILS).await;
        program.until("\r\n\r\nab").await;
        assert!(client.head().await.starts_with("HTTP/1.1 504 "));
        let word = "RESPONSE_STREAM_TIMEOUT";
        assert_eq!((counted(&ways, Way::Outbound, word), tried(&ways, word)), ((1.0, 1.0), 1.0));
        assert_eq!(ways.outbound.count("response_total", &["status_code=\"499\""]), 0.0);
    });
}
