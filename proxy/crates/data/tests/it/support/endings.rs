//! How requests ended, as the families of routes have it, and a request whose answer has begun.

use crate::support::eventually;
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const BEGINS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab";

/// Requests on the route that the proxy which the client asks counted under `word`, and those under any.
pub(crate) fn counted(ways: &Ways, way: Way, word: &str) -> (f64, f64) {
    let (proxy, family) = match way {
        Way::Both | Way::Outbound => (&ways.outbound, "outbound_http_route_request_statuses_total"),
        Way::Inbound => (&ways.plain, "inbound_http_statuses_total"),
    };
    (proxy.count(family, &[&format!("error=\"{word}\"")]), proxy.count(family, &[]))
}

/// Tries at the backend that the client's proxy counted under `word`.
pub(crate) fn tried(ways: &Ways, word: &str) -> f64 {
    let family = "outbound_http_route_backend_response_statuses_total";
    ways.outbound.count(family, &[&format!("error=\"{word}\"")])
}

/// Waits until the one request of this way is counted under `word`, and the one try as well.
pub(crate) async fn is_counted(ways: &Ways, way: Way, word: &str) {
    eventually(|| counted(ways, way, word).1 == 1.0).await;
    assert_eq!(counted(ways, way, word), (1.0, 1.0), "{way:?} {word}");
    assert!(way == Way::Inbound || tried(ways, word) == 1.0, "{way:?} {word}");
}

/// A client that has read half of its answer, and the program that sent it.
pub(crate) async fn begun(ways: &Ways, way: Way) -> (Talk, Talk) {
    let mut client = ways.client(way).await;
    client.say(GET).await;
    let mut program = ways.served().await;
    program.head().await;
    program.say(BEGINS).await;
    client.until("\r\n\r\nab").await;
    (client, program)
}
