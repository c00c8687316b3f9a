//! What a program asks of one request by headers: `l5d-retry-*`, `l5d-timeout`, `l5d-response-timeout`.
//!
//! Only where policy allows it (`allow_l5d_request_headers`); then the headers are taken off the request, whatever they
//! say. One that makes no sense asks for nothing.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::outbound::{Backoff, Retry};
use crate::route::Timeouts;

const RETRY_HTTP: HeaderName = HeaderName::from_static("l5d-retry-http");
const RETRY_GRPC: HeaderName = HeaderName::from_static("l5d-retry-grpc");
const RETRY_LIMIT: HeaderName = HeaderName::from_static("l5d-retry-limit");
const RETRY_TIMEOUT: HeaderName = HeaderName::from_static("l5d-retry-timeout");
const TIMEOUT: HeaderName = HeaderName::from_static("l5d-timeout");
const RESPONSE_TIMEOUT: HeaderName = HeaderName::from_static("l5d-response-timeout");

/// Of a retry that only the program asks for: the contract's defaults.
const RETRIES: u16 = 1;
const REQUEST_BYTES_MAX: usize = 64 * 1024;
const BACKOFF: Backoff = Backoff { min: Duration::from_millis(25), max: Duration::from_millis(250), jitter: 1.0 };
/// Conditions that one header may name.
const CONDITIONS_MAX: usize = 32;
/// A program that wants more than this wants no limit.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// What the program asks of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    statuses: Option<Vec<(u16, u16)>>,
    grpc_codes: Option<Vec<u16>>,
    limit: Option<u16>,
    retry_timeout: Option<Duration>,
    timeout: Option<Duration>,
    response_timeout: Option<Duration>,
}

impl Overrides {
    /// Takes the headers off a request; `None`, at the price of a look at the names, where there is none of them.
    pub fn take(headers: &mut HeaderMap) -> Option<Self> {
        if !headers.keys().any(|name| name.as_str().starts_with("l5d-")) {
            return None;
        }
        let mut text =
            |name: &HeaderName| headers.remove(name).and_then(|value| value.to_str().ok().map(str::to_owned));
        let overrides = Self {
            statuses: text(&RETRY_HTTP).as_deref().and_then(statuses),
            grpc_codes: text(&RETRY_GRPC).as_deref().and_then(grpc_codes),
            limit: text(&RETRY_LIMIT).and_then(|limit| limit.trim().parse().ok()),
            retry_timeout: text(&RETRY_TIMEOUT).as_deref().and_then(duration),
            timeout: text(&TIMEOUT).as_deref().and_then(duration),
            response_timeout: text(&RESPONSE_TIMEOUT).as_deref().and_then(duration),
        };
        Some(overrides).filter(|overrides| *overrides != Self::default())
    }

    /// The limits of time of the request; what is not asked for is the rule's.
    pub fn timeouts(&self, rule: &Timeouts) -> Timeouts {
        let or = |asked: Option<Duration>, rule| asked.map_or(rule, positive);
        Timeouts {
            request: or(self.timeout, rule.request),
            response: or(self.response_timeout, rule.response),
            idle: rule.idle,
        }
    }

    /// The retries of the request; what is not asked for is the rule's. A limit alone asks for no retry where the rule has
    /// none: it names no condition.
    pub fn retry(&self, rule: Option<&Retry>) -> Option<Retry> {
        if rule.is_none() && self.statuses.is_none() && self.grpc_codes.is_none() {
            return None;
        }
        let mut retry = rule.cloned().unwrap_or_else(|| Retry {
            max_retries: RETRIES,
            max_request_bytes: REQUEST_BYTES_MAX,
            statuses: Vec::new(),
            grpc_codes: Vec::new(),
            timeout: None,
            backoff: BACKOFF,
        });
        if let Some(statuses) = &self.statuses {
            retry.statuses.clone_from(statuses);
        }
        if let Some(codes) = &self.grpc_codes {
            retry.grpc_codes.clone_from(codes);
        }
        retry.max_retries = self.limit.unwrap_or(retry.max_retries);
        retry.timeout = self.retry_timeout.map_or(retry.timeout, positive);
        Some(retry)
    }
}

/// Zero is no limit.
fn positive(limit: Duration) -> Option<Duration> {
    Some(limit).filter(|limit| !limit.is_zero())
}

/// A list such as `5xx,gateway-error,429,500-503`; `None` if a part of it makes no sense.
fn statuses(text: &str) -> Option<Vec<(u16, u16)>> {
    listed(text, |word| {
        if word.eq_ignore_ascii_case("5xx") {
            return Some((500, 599));
        }
        if word.eq_ignore_ascii_case("gateway-error") {
            return Some((502, 504));
        }
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=599).contains(code));
        let (first, last) = (code(first)?, code(last)?);
        (first <= last).then_some((first, last))
    })
}

/// A list such as `cancelled,unavailable`; `None` if a part of it makes no sense.
fn grpc_codes(text: &str) -> Option<Vec<u16>> {
    listed(text, |word| match word.to_ascii_lowercase().as_str() {
        "cancelled" => Some(1),
        "deadline-exceeded" => Some(4),
        "resource-exhausted" => Some(8),
        "internal" => Some(13),
        "unavailable" => Some(14),
        _ => None,
    })
}

fn listed<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let words: Vec<&str> = text.split(',').map(str::trim).take(CONDITIONS_MAX + 1).collect();
    if words.len() > CONDITIONS_MAX { None } else { words.into_iter().map(read).collect() }
}

/// Digits with a unit (`ms`, `s`, `m`, `h`, `d`); `0` needs none.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "" if number == 0 => 1,
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).filter(|total| *total <= LONGEST_MS).map(Duration::from_millis)
}
