//! Rules of HTTP routes.

use std::time::Duration;

use hauberk_api::linkerd::inbound;
use hauberk_api::linkerd::outbound::http_route::{self as message, filter, retry};
use hauberk_core::outbound::{Backoff, HttpAction, Retry};
use hauberk_core::route::{HttpFilter, HttpMatch, Rule};

use crate::wire::backend::{self, choice};
use crate::wire::routes::{self, FILTERS_MAX};
use crate::wire::{Nonsense, Read, each, headers, required, time};

/// The contract's default pauses between tries.
pub(super) const RETRY_BACKOFF: Backoff =
    Backoff { min: Duration::from_millis(25), max: Duration::from_millis(250), jitter: 0.0 };
/// Kept bodies take memory for each request in flight.
pub(super) const RETRY_BYTES_MAX: u32 = 1024 * 1024;
/// Ranges of statuses in one policy of retries.
const RANGES_MAX: usize = 64;

/// A rule of an outbound route.
pub(super) fn outbound_rule(of: message::Rule) -> Read<Rule<HttpMatch, HttpAction>> {
    #[expect(deprecated, reason = "older control planes send only this one")]
    let older = of.request_timeout;
    let choice = choice!(message, of.backends)?;
    let backends = backend::distribution(choice, |of: message::RouteBackend| {
        backend::route_backend(of.backend, filters(of.filters)?, false)
    })?;
    let then = HttpAction {
        filters: filters(of.filters)?,
        backends,
        timeouts: routes::timeouts(of.timeouts, older)?,
        retry: of.retry.map(retry).transpose()?,
        allow_l5d_request_headers: of.allow_l5d_request_headers,
    };
    Ok(Rule { matches: routes::http_matches(of.matches)?, then })
}

fn filters(of: Vec<message::Filter>) -> Read<Vec<HttpFilter>> {
    each(of, FILTERS_MAX, "filters", |filter| {
        Ok(match required(filter.kind, "the kind of a filter")? {
            filter::Kind::FailureInjector(of) => HttpFilter::Fail(headers::failure(of)?),
            filter::Kind::RequestHeaderModifier(of) => {
                HttpFilter::RequestHeaders(headers::modifier(of.add, of.set, of.remove)?)
            }
            filter::Kind::ResponseHeaderModifier(of) => {
                HttpFilter::ResponseHeaders(headers::modifier(of.add, of.set, of.remove)?)
            }
            filter::Kind::Redirect(of) => HttpFilter::Redirect(headers::redirect(of)?),
        })
    })
}

/// The filters of an inbound rule.
pub(super) fn inbound_filters(of: Vec<inbound::http_route::Filter>) -> Read<Vec<HttpFilter>> {
    use inbound::http_route::filter::Kind;
    each(of, FILTERS_MAX, "filters", |filter| {
        Ok(match required(filter.kind, "the kind of a filter")? {
            Kind::FailureInjector(of) => HttpFilter::Fail(headers::failure(of)?),
            Kind::RequestHeaderModifier(of) => {
                HttpFilter::RequestHeaders(headers::modifier(of.add, of.set, of.remove)?)
            }
            Kind::Redirect(of) => HttpFilter::Redirect(headers::redirect(of)?),
        })
    })
}

fn retry(of: message::Retry) -> Read<Retry> {
    let conditions = required(of.conditions, "the conditions of a retry")?;
    Ok(Retry {
        max_retries: retries(of.max_retries)?,
        max_request_bytes: of.max_request_bytes.min(RETRY_BYTES_MAX) as usize,
        statuses: each(conditions.status_ranges, RANGES_MAX, "ranges of statuses", statuses)?,
        grpc_codes: Vec::new(),
        timeout: time::limit(of.timeout, "the timeout of a try")?,
        backoff: of.backoff.map_or(Ok(RETRY_BACKOFF), backend::backoff)?,
    })
}

/// How often a request may be tried again.
pub(super) fn retries(of: u32) -> Read<u16> {
    u16::try_from(of).map_err(|_| Nonsense::new(format_args!("{of} retries are too many")))
}

fn statuses(of: retry::conditions::StatusRange) -> Read<(u16, u16)> {
    match (u16::try_from(of.start), u16::try_from(of.end)) {
        (Ok(start @ 1..=599), Ok(end @ 1..=599)) if start <= end => Ok((start, end)),
        _ => Err(Nonsense::new(format_args!("{} to {} is no range of HTTP statuses", of.start, of.end))),
    }
}
