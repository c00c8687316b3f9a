//! Headers that end at a hop, and headers that only proxies may set.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Method, Request};

/// The protocol that a request had before proxies carried it over HTTP/2.
pub(crate) const ORIG_PROTO: HeaderName = HeaderName::from_static("l5d-orig-proto");
/// The identity of the client, set by the server's proxy.
pub(crate) const CLIENT_ID: HeaderName = HeaderName::from_static("l5d-client-id");
/// Why a proxy answered by itself.
pub(crate) const PROXY_ERROR: HeaderName = HeaderName::from_static("l5d-proxy-error");
/// The identity that the program demands of the server.
pub(crate) const REQUIRE_ID: HeaderName = HeaderName::from_static("l5d-require-id");
/// Set by a server's proxy whose program closed the connection before it answered.
pub(crate) const UNANSWERED: HeaderName = HeaderName::from_static("l5d-hauberk-unanswered");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Removes what is for one hop only (RFC 9110, 7.6.1), with all that `Connection` names. One look over the names says what
/// there is: most messages have nothing of it, and a search for each would cost more.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let found = headers.keys().fold(0, |found, name| found | hop_by_hop(name));
    if found == 0 {
        return;
    }
    if found & IS_CONNECTION != 0 {
        let named: Vec<HeaderName> = headers.get_all(CONNECTION).iter().flat_map(named_by).collect();
        headers.remove(CONNECTION);
        for name in named {
            headers.remove(name);
        }
    }
    if found & IS_OTHER != 0 {
        for name in [KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING, UPGRADE, HTTP2_SETTINGS] {
            headers.remove(name);
        }
    }
    if found & IS_TE != 0 && headers.get_all(TE).iter().any(|te| te != "trailers") {
        headers.remove(TE);
    }
}

const IS_CONNECTION: u8 = 1;
const IS_TE: u8 = 2;
const IS_OTHER: u8 = 4;

/// What of a message's hop a name belongs to; none of these bits for those that go on.
fn hop_by_hop(name: &HeaderName) -> u8 {
    match name.as_str() {
        "connection" => IS_CONNECTION,
        "te" => IS_TE,
        "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" | "http2-settings" => IS_OTHER,
        _ => 0,
    }
}

/// The headers that a value of `Connection` names, beyond those that go in any case. What carries the message itself cannot be
/// dropped by naming it.
fn named_by(value: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    options(value)
        .filter(|name| {
            !["keep-alive", "close", "upgrade"].iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        })
        .filter_map(|name| HeaderName::try_from(name).ok())
        .filter(|name| *name != HOST && *name != CONTENT_LENGTH && *name != TE)
}

/// The elements of a list, each read by itself: one that is no text does not hide the others, which the next reader may see.
fn options(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|&b| b == b',').map(<[u8]>::trim_ascii)
}

/// The same for a request that may make its connection a tunnel: the wish stays, and nothing else that `Connection` names.
pub(crate) fn strip_around_upgrade(headers: &mut HeaderMap) {
    let wishes: Vec<HeaderValue> = headers.get_all(UPGRADE).iter().cloned().collect();
    strip_hop_by_hop(headers);
    if !wishes.is_empty() {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        for wish in wishes {
            headers.append(UPGRADE, wish);
        }
    }
}

/// Removes all `l5d-` headers: those who sent them are not proxies of the mesh.
pub(crate) fn strip_l5d(headers: &mut HeaderMap) {
    let is_l5d = |name: &HeaderName| name.as_str().starts_with("l5d-");
    if !headers.keys().any(is_l5d) {
        return;
    }
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_l5d(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Whether the request asks for another protocol on its connection: CONNECT, or `Upgrade`. (On HTTP/2 a CONNECT is a stream
/// like any other.)
pub(crate) fn is_tunnel<B>(request: &Request<B>) -> bool {
    request.version() <= http::Version::HTTP_11 && (request.method() == Method::CONNECT || upgrades(request.headers()))
}

/// Whether an upgrade is asked for that may pass: `Connection` must name it. Cleartext HTTP/2 may not: its requests would
/// be hidden from policy, and a server may always ignore the wish (RFC 9110, 7.8).
fn upgrades(headers: &HeaderMap) -> bool {
    let mut wishes = headers.get_all(UPGRADE).iter().peekable();
    wishes.peek().is_some()
        && headers.get_all(CONNECTION).iter().any(|value| options(value).any(|o| o.eq_ignore_ascii_case(b"upgrade")))
        && wishes.all(|wish| !options(wish).any(|o| o.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"h2"))))
}

/// Whether a request may be repeated without asking its sender (RFC 9110, 9.2.2).
pub(crate) fn is_idempotent(method: &Method) -> bool {
    method.is_idempotent()
}

/// Whether a request that a connection loses can certainly be sent again: it may be, and nothing of it is used up. What
/// cannot is not trusted to a kept connection that its server may just have closed.
pub(crate) fn is_free_to_lose<A>(request: &Request<A>, body: &impl http_body::Body) -> bool {
    is_idempotent(request.method()) && body.is_end_stream()
}

/// A header value from text of ours; characters that a header cannot hold are replaced.
pub(crate) fn value_of(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| {
        let clean: String = text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect();
        HeaderValue::from_str(&clean).unwrap_or(HeaderValue::from_static("error"))
    })
}

/// The host of a request: of its target, else of `Host`; without the port.
pub(crate) fn host_of<B>(request: &Request<B>) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.host());
    }
    let host = request.headers().get(HOST)?.to_str().ok()?;
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => Some(name),
        _ => Some(host),
    }
}
