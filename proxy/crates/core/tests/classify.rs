//! What counts as a success.

use hauberk_core::classify::{self, Class};
use http::{HeaderMap, StatusCode};

#[test]
fn only_what_blames_the_server_is_a_failure() {
    for code in 100..600 {
        let expected = if code < 500 { Class::Success } else { Class::Failure };
        assert_eq!(StatusCode::from_u16(code).map(classify::http).ok(), Some(expected), "{code}");
    }
    // From 17 on there are no codes: they mean unknown.
    for code in (0..20).chain([500]) {
        let expected = if [2, 4, 7, 13, 14, 15].contains(&code) || code > 16 { Class::Failure } else { Class::Success };
        assert_eq!(classify::grpc(StatusCode::OK, Some(code)), expected, "{code}");
    }
    assert_eq!(classify::grpc(StatusCode::OK, None), Class::Success);
    assert_eq!(classify::grpc(StatusCode::BAD_GATEWAY, None), Class::Failure);
}

#[test]
fn statuses_of_the_proxy_have_the_codes_of_the_contract() {
    for (status, code) in [
        (504, 4),
        (503, 14),
        (502, 14),
        (403, 7),
        (429, 8),
        (508, 10),
        (404, 5),
        (301, 5),
        (500, 13),
        (200, 0),
        (418, 2),
    ] {
        assert_eq!(StatusCode::from_u16(status).map(classify::grpc_code_of).ok(), Some(code), "{status}");
    }
}

#[test]
fn grpc_is_known_by_its_content_type() {
    let is_grpc = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", value.parse().unwrap());
        classify::is_grpc(&headers)
    };
    for value in ["application/grpc", "application/grpc+proto", "Application/gRPC;charset=utf-8"] {
        assert!(is_grpc(value), "{value}");
    }
    for value in ["application/grpc-web", "application/grpc-web+proto", "application/json", "application/gr", "é"] {
        assert!(!is_grpc(value), "{value}");
    }
    assert!(!classify::is_grpc(&HeaderMap::new()));
}
