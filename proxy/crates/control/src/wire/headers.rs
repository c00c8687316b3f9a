//! Changes to headers, redirects and answers of the proxy's own.

use std::net::IpAddr;
use std::sync::Arc;

use ::http::uri::Scheme;
use ::http::{HeaderName, HeaderValue, StatusCode};
use hauberk_api::linkerd::http_route::{self, PathModifier as PathMessage, RequestRedirect, path_modifier};
use hauberk_api::linkerd::http_types::{self, Headers, scheme};
use hauberk_core::route::{FailureInjector, HeaderModifier, PathModifier, Ratio, Redirect};

use crate::wire::{Nonsense, Read, each, net, required};

/// Headers in one change.
const HEADERS_MAX: usize = 64;
/// Longest text for people in an answer.
const MESSAGE_MAX: usize = 1024;

/// A header's name.
pub(super) fn name(of: &str) -> Read<HeaderName> {
    of.parse().map_err(|_| Nonsense::new(format_args!("{of:?} is not the name of a header")))
}

fn pairs(of: Option<Headers>) -> Read<Vec<(HeaderName, HeaderValue)>> {
    each(of.unwrap_or_default().headers, HEADERS_MAX, "headers", |header| {
        let value = HeaderValue::from_bytes(&header.value);
        let wrong = |_| Nonsense::new(format_args!("the value for the header {} cannot be sent", header.name));
        Ok((name(&header.name)?, value.map_err(wrong)?))
    })
}

/// Headers to add, to set, to remove.
pub(super) fn modifier(add: Option<Headers>, set: Option<Headers>, remove: Vec<String>) -> Read<HeaderModifier> {
    Ok(HeaderModifier {
        add: pairs(add)?,
        set: pairs(set)?,
        remove: each(remove, HEADERS_MAX, "headers to remove", |header| name(&header))?,
    })
}

/// A redirect; without a status it is 302.
pub(super) fn redirect(of: RequestRedirect) -> Read<Redirect> {
    let status = match u16::try_from(of.status) {
        Ok(0) => Some(StatusCode::FOUND),
        Ok(code) => StatusCode::from_u16(code).ok().filter(StatusCode::is_redirection),
        Err(_) => None,
    };
    Ok(Redirect {
        scheme: of.scheme.and_then(|scheme| scheme.r#type).map(scheme_of).transpose()?,
        host: match of.host.as_str() {
            "" => None,
            host if host.parse::<IpAddr>().is_ok() => Some(host.into()),
            host => Some(net::dns_name(host).ok_or_else(|| Nonsense::new(format_args!("{host:?} is not a host")))?),
        },
        path: of.path.map(path_modifier).transpose()?,
        port: if of.port == 0 { None } else { Some(net::port(of.port)?) },
        status: status.ok_or_else(|| Nonsense::new(format_args!("{} is not the status of a redirect", of.status)))?,
    })
}

fn scheme_of(of: scheme::Type) -> Read<Scheme> {
    match of {
        scheme::Type::Registered(number) => match http_types::scheme::Registered::try_from(number) {
            Ok(scheme::Registered::Http) => Ok(Scheme::HTTP),
            Ok(scheme::Registered::Https) => Ok(Scheme::HTTPS),
            Err(_) => Err(Nonsense::new(format_args!("{number} is not a scheme"))),
        },
        scheme::Type::Unregistered(text) => {
            text.parse().map_err(|_| Nonsense::new(format_args!("{text:?} is not a scheme")))
        }
    }
}

fn path_modifier(of: PathMessage) -> Read<PathModifier> {
    Ok(match required(of.replace, "the path of a redirect")? {
        path_modifier::Replace::Full(path) => PathModifier::Full(path.into()),
        path_modifier::Replace::Prefix(path) => PathModifier::Prefix(path.into()),
    })
}

/// A share of requests; none given is all of them.
pub(super) fn ratio(of: Option<http_route::Ratio>) -> Read<Ratio> {
    match of {
        None => Ok(Ratio { numerator: 1, denominator: 1 }),
        Some(ratio) if ratio.denominator == 0 => Err(Nonsense::new("the denominator of a ratio is 0")),
        Some(ratio) => Ok(Ratio { numerator: ratio.numerator, denominator: ratio.denominator }),
    }
}

/// An answer of the proxy's own to HTTP requests.
pub(super) fn failure(of: http_route::HttpFailureInjector) -> Read<FailureInjector> {
    let status = u16::try_from(of.status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    Ok(FailureInjector {
        status: status.ok_or_else(|| Nonsense::new(format_args!("{} is not an HTTP status", of.status)))?,
        message: message(of.message),
        ratio: ratio(of.ratio)?,
    })
}

/// A text for people, cut to a bearable length.
pub(super) fn message(of: String) -> Arc<str> {
    let end = (0..=MESSAGE_MAX.min(of.len())).rev().find(|end| of.is_char_boundary(*end)).unwrap_or(0);
    of[..end].into()
}
