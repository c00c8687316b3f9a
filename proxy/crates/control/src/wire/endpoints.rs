//! The endpoints of a service.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hauberk_api::linkerd::destination::{
    Http2ClientParams, ProtocolHint as HintMessage, TlsIdentity, Update, WeightedAddr, protocol_hint, tls_identity,
    update,
};
use hauberk_core::endpoint::{Endpoint, Endpoints, Http2Params, Labels, ProtocolHint};
use hauberk_core::identity::{Id, TlsTarget};

use crate::wire::{Nonsense, Read, bounded, meta, net, required, time};

/// Endpoints of one service.
const ENDPOINTS_MAX: usize = 20_000;
/// Labels of an endpoint or a service, and the length of their keys and values in bytes; what is beyond is cut.
const LABELS_MAX: usize = 32;
const KEY_MAX: usize = 63;
const VALUE_MAX: usize = 253;
/// Longest SPIFFE ID (SPIFFE-ID section 2.3).
const URI_MAX: usize = 2048;
/// What HTTP/2 allows of windows and frames; and what this proxy takes of reset streams and of bytes that wait.
const WINDOW_MIN: u32 = 65_535;
const WINDOW_MAX: u32 = (1 << 31) - 1;
const FRAME_MIN: u32 = 16_384;
const FRAME_MAX: u32 = (1 << 24) - 1;
const RESETS_MAX: u32 = 10_000;
const SEND_BUFFER_MAX: u32 = 16 * 1024 * 1024;

/// The endpoints after an update; the first update of a stream says all there is, others change what `held` shows.
pub(crate) fn apply(held: &Endpoints, update: Update, first: bool) -> Read<Endpoints> {
    let version = meta::version(update.version)?;
    let whole = first || update.replaces;
    let mut next = if whole { Endpoints { labels: held.labels.clone(), ..Endpoints::default() } } else { held.clone() };
    next.version = version;
    match required(update.update, "the update")? {
        update::Update::Add(set) if set.addrs.is_empty() => {
            return Err(Nonsense::new("an addition of no endpoints"));
        }
        update::Update::Add(set) => {
            next.exists = true;
            next.labels = labels(set.metric_labels);
            for addr in bounded(set.addrs, ENDPOINTS_MAX, "endpoints")? {
                let new = endpoint(addr)?;
                let known = held.by_addr.get(&new.addr).filter(|known| ***known == new);
                next.by_addr.insert(new.addr, known.cloned().unwrap_or_else(|| Arc::new(new)));
            }
        }
        update::Update::Remove(set) if whole || set.addrs.is_empty() => {
            return Err(Nonsense::new("a removal of no endpoints, or of what this stream never named"));
        }
        update::Update::Remove(set) => {
            next.exists = true;
            for addr in set.addrs {
                next.by_addr.remove(&net::socket(Some(addr))?);
            }
        }
        update::Update::NoEndpoints(none) => {
            next.by_addr.clear();
            next.exists = none.exists;
        }
    }
    if next.by_addr.len() > ENDPOINTS_MAX {
        return Err(Nonsense::new(format_args!("the service has more than {ENDPOINTS_MAX} endpoints")));
    }
    Ok(next)
}

/// One endpoint.
pub(crate) fn endpoint(of: WeightedAddr) -> Read<Endpoint> {
    let hint = of.protocol_hint.unwrap_or_default();
    Ok(Endpoint {
        addr: net::socket(of.addr)?,
        weight: of.weight,
        labels: labels(of.metric_labels),
        tls: of.tls_identity.map(tls_target).transpose()?,
        hint: protocol(&hint),
        transport_port: transport_port(&hint)?,
        authority_override: of.authority_override.map(|o| authority(o.authority_override)).transpose()?,
        http2: of.http2.map(http2).transpose()?.unwrap_or_default(),
        // It is for people to read; an endpoint works as well without.
        resource: meta::meta(of.resource_ref).ok().map(Arc::unwrap_or_clone),
    })
}

/// An identity that cannot be understood must not turn into plain text.
fn tls_target(of: TlsIdentity) -> Read<TlsTarget> {
    let wrong = |name: &str| Nonsense::new(format_args!("{name:?} is no identity"));
    let id = match required(of.strategy, "the identity of an endpoint")? {
        tls_identity::Strategy::DnsLikeIdentity(dns) => {
            Id::Dns(net::dns_name(&dns.name).ok_or_else(|| wrong(&dns.name))?)
        }
        tls_identity::Strategy::UriLikeIdentity(id) => match id.uri.split_once("://") {
            Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() && id.uri.len() <= URI_MAX => {
                Id::Uri(id.uri.into())
            }
            _ => return Err(wrong(&id.uri)),
        },
    };
    let server_name = match (of.server_name, &id) {
        (Some(name), _) => net::dns_name(&name.name).ok_or_else(|| wrong(&name.name))?,
        (None, Id::Dns(name)) => name.clone(),
        (None, Id::Uri(uri)) => return Err(Nonsense::new(format_args!("the endpoint {uri} has no server name"))),
    };
    Ok(TlsTarget { id, server_name })
}

fn protocol(of: &HintMessage) -> ProtocolHint {
    match of.protocol {
        Some(protocol_hint::Protocol::H2(_)) => ProtocolHint::Http2,
        Some(protocol_hint::Protocol::Opaque(_)) => ProtocolHint::Opaque,
        None => ProtocolHint::Unknown,
    }
}

fn transport_port(of: &HintMessage) -> Read<Option<u16>> {
    of.opaque_transport.map(|transport| net::port(transport.inbound_port)).transpose()
}

fn authority(of: String) -> Read<Arc<str>> {
    match net::name_and_port(&of) {
        Some(_) => Ok(of.into()),
        None => Err(Nonsense::new(format_args!("the authority {of:?} of an endpoint is not NAME:PORT"))),
    }
}

/// Zero is the proxy's own choice; what HTTP/2 cannot say is brought within its bounds (RFC 9113 sections 6.5.2 and 6.9.1).
fn http2(of: Http2ClientParams) -> Read<Http2Params> {
    let flow = of.flow_control.unwrap_or_default();
    let internals = of.internals.unwrap_or_default();
    let chosen = |size: u32, min: u32, max: u32| Some(size).filter(|size| *size != 0).map(|size| size.clamp(min, max));
    let alive = of.keep_alive.as_ref();
    Ok(Http2Params {
        initial_connection_window: chosen(flow.initial_connection_window_size, WINDOW_MIN, WINDOW_MAX),
        initial_stream_window: chosen(flow.initial_stream_window_size, 1, WINDOW_MAX),
        keep_alive_interval: time::limit(alive.and_then(|a| a.interval), "the keep-alive interval")?,
        keep_alive_timeout: time::limit(alive.and_then(|a| a.timeout), "the keep-alive timeout")?,
        keep_alive_while_idle: alive.map(|alive| alive.while_idle),
        max_frame_size: chosen(internals.max_frame_size, FRAME_MIN, FRAME_MAX),
        max_reset_streams: chosen(internals.max_concurrent_reset_streams, 1, RESETS_MAX).map(|max| max as usize),
        max_send_buffer: chosen(internals.max_send_buf_size, FRAME_MIN, SEND_BUFFER_MAX).map(|max| max as usize),
    })
}

/// The first labels in the order of their keys, none longer than metrics can bear.
fn labels(of: HashMap<String, String>) -> Labels {
    let sorted: BTreeMap<String, String> = of.into_iter().filter(|(key, _)| is_label_name(key)).collect();
    let cut = |(key, value): (String, String)| {
        let end = (0..=VALUE_MAX.min(value.len())).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
        (Arc::from(key), Arc::from(&value[..end]))
    };
    Arc::new(sorted.into_iter().take(LABELS_MAX).map(cut).collect())
}

fn is_label_name(key: &str) -> bool {
    key.len() <= KEY_MAX
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether two views differ in more than their version.
pub(crate) fn differ(a: &Endpoints, b: &Endpoints) -> bool {
    (a.exists, &a.labels, &a.by_addr) != (b.exists, &b.labels, &b.by_addr)
}

#[cfg(test)]
#[path = "endpoints_tests.rs"]
mod tests;
