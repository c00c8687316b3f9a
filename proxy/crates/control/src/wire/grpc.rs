//! Rules of gRPC routes.

use hauberk_api::linkerd::grpc_route::GrpcFailureInjector;
use hauberk_api::linkerd::inbound;
use hauberk_api::linkerd::outbound::grpc_route::{self as message, filter, retry};
use hauberk_core::outbound::{GrpcAction, Retry};
use hauberk_core::route::{GrpcFilter, GrpcMatch, Rule};

use crate::wire::backend::{self, choice};
use crate::wire::http::{RETRY_BACKOFF, RETRY_BYTES_MAX, retries};
use crate::wire::routes::{self, FILTERS_MAX};
use crate::wire::{Read, each, headers, required, time};

/// The highest status code of gRPC, and what receivers take every other number for (gRPC, "Status codes and their use").
const CODE_MAX: u16 = 16;
const UNKNOWN: u16 = 2;

/// A rule of an outbound route.
pub(super) fn outbound_rule(of: message::Rule) -> Read<Rule<GrpcMatch, GrpcAction>> {
    #[expect(deprecated, reason = "older control planes send only this one")]
    let older = of.request_timeout;
    let choice = choice!(message, of.backends)?;
    let backends = backend::distribution(choice, |of: message::RouteBackend| {
        backend::route_backend(of.backend, filters(of.filters)?, false)
    })?;
    let then = GrpcAction {
        filters: filters(of.filters)?,
        backends,
        timeouts: routes::timeouts(of.timeouts, older)?,
        retry: of.retry.map(retry).transpose()?,
        allow_l5d_request_headers: of.allow_l5d_request_headers,
    };
    Ok(Rule { matches: routes::grpc_matches(of.matches)?, then })
}

fn filters(of: Vec<message::Filter>) -> Read<Vec<GrpcFilter>> {
    each(of, FILTERS_MAX, "filters", |filter| {
        Ok(match required(filter.kind, "the kind of a filter")? {
            filter::Kind::FailureInjector(of) => failure(of)?,
            filter::Kind::RequestHeaderModifier(of) => {
                GrpcFilter::RequestHeaders(headers::modifier(of.add, of.set, of.remove)?)
            }
        })
    })
}

/// The filters of an inbound rule.
pub(super) fn inbound_filters(of: Vec<inbound::grpc_route::Filter>) -> Read<Vec<GrpcFilter>> {
    use inbound::grpc_route::filter::Kind;
    each(of, FILTERS_MAX, "filters", |filter| {
        Ok(match required(filter.kind, "the kind of a filter")? {
            Kind::FailureInjector(of) => failure(of)?,
            Kind::RequestHeaderModifier(of) => {
                GrpcFilter::RequestHeaders(headers::modifier(of.add, of.set, of.remove)?)
            }
        })
    })
}

fn failure(of: GrpcFailureInjector) -> Read<GrpcFilter> {
    // Linkerd's control plane answers calls to a backend that does not exist with 500.
    let code = u16::try_from(of.code).ok().filter(|code| *code <= CODE_MAX);
    Ok(GrpcFilter::Fail {
        code: code.unwrap_or(UNKNOWN),
        message: headers::message(of.message),
        ratio: headers::ratio(of.ratio)?,
    })
}

fn retry(of: message::Retry) -> Read<Retry> {
    Ok(Retry {
        max_retries: retries(of.max_retries)?,
        max_request_bytes: of.max_request_bytes.min(RETRY_BYTES_MAX) as usize,
        statuses: Vec::new(),
        grpc_codes: codes(&required(of.conditions, "the conditions of a retry")?),
        timeout: time::limit(of.timeout, "the timeout of a try")?,
        backoff: of.backoff.map_or(Ok(RETRY_BACKOFF), backend::backoff)?,
    })
}

fn codes(of: &retry::Conditions) -> Vec<u16> {
    let all = [
        (of.cancelled, 1),
        (of.deadine_exceeded, 4),
        (of.resource_exhausted, 8),
        (of.internal, 13),
        (of.unavailable, 14),
    ];
    all.into_iter().filter(|(chosen, _)| *chosen).map(|(_, code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_code_is_unknown() {
        for (said, code) in [(0, 0), (14, 14), (16, 16), (17, 2), (500, 2), (u32::MAX, 2)] {
            let of = GrpcFailureInjector { code: said, ..GrpcFailureInjector::default() };
            assert!(matches!(failure(of), Ok(GrpcFilter::Fail { code: taken, .. }) if taken == code), "{said}");
        }
    }
}
