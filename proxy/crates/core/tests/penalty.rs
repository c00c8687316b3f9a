//! What a failure costs an endpoint.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use hauberk_core::penalty::Penalty;
use http::StatusCode;

const PENALTY: Penalty =
    Penalty { latency: Duration::from_secs(5), hint_max: Duration::from_secs(300), decay: Duration::from_secs(10) };

fn cost(status: u16, grpc: Option<u16>, hint: Option<u64>) -> Option<u64> {
    let status = StatusCode::from_u16(status).unwrap();
    PENALTY.of(status, grpc, || hint.map(Duration::from_secs)).map(|cost| cost.as_secs())
}

#[test]
fn failures_cost_and_answers_do_not() {
    for status in [200, 302, 400, 404] {
        assert_eq!(cost(status, None, Some(60)), None, "{status}");
    }
    for status in [429, 500, 502, 503, 504] {
        assert_eq!(cost(status, None, None), Some(5), "{status}");
    }
    for code in [0, 1, 3, 5, 7, 12, 16] {
        assert_eq!(cost(200, Some(code), Some(60)), None, "{code}");
    }
    for code in [2, 4, 8, 13, 14, 15] {
        assert_eq!(cost(200, Some(code), None), Some(5), "{code}");
    }
}

#[test]
fn an_endpoint_that_has_too_much_to_do_says_for_how_long_within_bounds() {
    for (status, grpc) in [(429, None), (503, None), (200, Some(8)), (200, Some(14))] {
        assert_eq!(cost(status, grpc, Some(60)), Some(60));
        assert_eq!(cost(status, grpc, Some(1)), Some(5), "a hint makes nothing better");
        assert_eq!(cost(status, grpc, Some(4_000_000)), Some(300));
    }
    for (status, grpc) in [(500, None), (504, None), (200, Some(13))] {
        assert_eq!(cost(status, grpc, Some(60)), Some(5), "only they are asked");
    }
}
