//! What a program may ask of one request by headers.

use std::time::Duration;

use hauberk_core::outbound::{Backoff, Retry};
use hauberk_core::overrides::Overrides;
use hauberk_core::route::Timeouts;
use http::{HeaderMap, HeaderName};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

#[expect(clippy::unwrap_used, reason = "a test's own words")]
fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
    let value = |value: &str| http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
    of.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
}

fn taken(of: &[(&'static str, &str)]) -> Option<Overrides> {
    Overrides::take(&mut headers(of))
}

fn rule() -> Retry {
    let backoff = Backoff { min: SECOND, max: SECOND, jitter: 0.0 };
    let (statuses, grpc_codes) = (vec![(500, 500)], vec![13]);
    Retry { max_retries: 3, max_request_bytes: 10, statuses, grpc_codes, timeout: Some(SECOND), backoff }
}

#[test]
fn the_headers_are_taken_off_and_no_others() {
    let mut headers = headers(&[("l5d-timeout", "x"), ("l5d-retry-limit", "2"), ("accept", "*/*"), ("l5d-dst", "a")]);
    assert!(Overrides::take(&mut headers).is_some());
    assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["accept", "l5d-dst"]);
    assert_eq!(Overrides::take(&mut headers), None);
}

#[test]
fn times_replace_those_of_the_rule() {
    let rule = Timeouts { request: Some(SECOND), response: Some(SECOND), idle: Some(SECOND) };
    let asked = taken(&[("l5d-timeout", "500ms"), ("l5d-response-timeout", "0")]).unwrap();
    let expected = Timeouts { request: Some(SECOND / 2), response: None, idle: Some(SECOND) };
    assert_eq!(asked.timeouts(&rule), expected);
    for nonsense in ["", "1", "1.5s", "-1s", "s", "99999999999999999999s", "1 s"] {
        assert_eq!(taken(&[("l5d-timeout", nonsense)]), None, "{nonsense}");
    }
}

#[test]
fn retries_may_be_asked_for_where_the_rule_has_none() {
    let retry = taken(&[("l5d-retry-http", "5xx, 429,410-412,gateway-error")]).unwrap().retry(None).unwrap();
    assert_eq!(retry.statuses, [(500, 599), (429, 429), (410, 412), (502, 504)]);
    assert_eq!((retry.max_retries, retry.grpc_codes.len(), retry.timeout), (1, 0, None));
    let retry = taken(&[("l5d-retry-grpc", "cancelled,Unavailable"), ("l5d-retry-limit", "5")]).unwrap();
    assert_eq!(retry.retry(None).map(|retry| (retry.grpc_codes, retry.max_retries)), Some((vec![1, 14], 5)));
    assert_eq!(taken(&[("l5d-retry-limit", "5")]).unwrap().retry(None), None, "no condition, no retry");
}

#[test]
fn what_is_not_asked_for_is_the_rules() {
    let asked = taken(&[("l5d-retry-limit", "0"), ("l5d-retry-timeout", "2s")]).unwrap();
    assert_eq!(asked.retry(Some(&rule())), Some(Retry { max_retries: 0, timeout: Some(2 * SECOND), ..rule() }));
    let asked = taken(&[("l5d-timeout", "2s")]).unwrap();
    assert_eq!(asked.retry(Some(&rule())), Some(rule()));
}

#[test]
fn conditions_that_make_no_sense_ask_for_nothing() {
    for nonsense in ["", "5xy", "600", "99", "500-400", "500-", &"500,".repeat(40)] {
        assert_eq!(taken(&[("l5d-retry-http", nonsense)]), None, "{nonsense}");
    }
    assert_eq!(taken(&[("l5d-retry-grpc", "unavailable,whatever")]), None);
}

proptest! {
    #[test]
    fn no_value_is_too_much(value in prop::collection::vec(any::<u8>().prop_filter("not in a header", |b| {
        http::HeaderValue::from_bytes(&[*b]).is_ok()
    }), 0..64)) {
        let value = http::HeaderValue::from_bytes(&value).unwrap();
        let names = ["l5d-retry-http", "l5d-retry-grpc", "l5d-retry-limit", "l5d-retry-timeout", "l5d-timeout"];
        let mut headers: HeaderMap = names.iter().map(|name| (name.parse().unwrap(), value.clone())).collect();
        let _ = Overrides::take(&mut headers);
        prop_assert!(headers.is_empty());
    }
}
