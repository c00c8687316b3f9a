//! Connections that stop being HTTP: CONNECT, and HTTP/1 upgrades such as WebSocket.

use std::future::Future;
use std::net::SocketAddr;

use hauberk_net::copy;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::http::body::Body;
use crate::http::guard::Gate;
use crate::http::headers;
use crate::http::observe::Lease;
use crate::http::pool::PoolLease;
use crate::worker::Open;

/// The client's side of a connection that may become a tunnel.
pub(crate) struct Client {
    /// Its connection, from the change of protocol on.
    pub(crate) upgrade: OnUpgrade,
    pub(crate) addr: SocketAddr,
    pub(crate) gate: Gate,
    /// The method that it asked with.
    pub(crate) method: Method,
    /// A tunnel is one of the open connections, as long as it lasts.
    pub(crate) open: Open,
}

/// If the server agreed to the change of protocol, joins both connections from here on, until both ended or `revoked` says
/// that the client may no longer; else the response passes as any other.
pub(crate) fn join(
    client: Client,
    mut response: Response<Incoming>,
    lease: PoolLease,
    revoked: impl Future<Output = ()> + 'static,
) -> (Response<Body>, Lease) {
    if !is_agreed(&response, &client.method) {
        headers::strip_hop_by_hop(response.headers_mut());
        return (response.map(Body::incoming), Lease::Pool(lease));
    }
    client.gate.tunnel();
    let server = hyper::upgrade::on(&mut response);
    tokio::task::spawn_local(async move {
        let _open = client.open;
        let (ours, theirs) = match tokio::try_join!(client.upgrade, server) {
            Ok(both) => both,
            Err(error) => {
                tracing::info!(client = %client.addr, %error, "a change of protocol failed");
                return;
            }
        };
        let (mut ours, mut theirs) = (TokioIo::new(ours), TokioIo::new(theirs));
        tokio::select! {
            _ = copy::both(&mut ours, &mut theirs) => {}
            () = revoked => tracing::info!(client = %client.addr, "tunnel closed: no longer authorized"),
        }
    });
    (response.map(|_| Body::empty()), Lease::None)
}

/// Whether the server agrees to the change of protocol that a request of this method asked for.
fn is_agreed<B>(response: &Response<B>, method: &Method) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        || (*method == Method::CONNECT && response.status().is_success())
}
