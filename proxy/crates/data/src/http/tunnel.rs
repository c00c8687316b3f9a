//! Connections that stop being HTTP: CONNECT, and HTTP/1 upgrades such as WebSocket.

use std::net::SocketAddr;

use hauberk_net::copy;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::http::body::Body;
use crate::http::guard::Gate;
use crate::http::observe::Lease;
use crate::http::pool::PoolLease;

/// If the server agreed to the change of protocol, joins both connections from here on; else the response passes as any other.
pub(crate) fn join(
    client: OnUpgrade,
    mut response: Response<Incoming>,
    lease: PoolLease,
    gate: &Gate,
    method: &Method,
    peer: SocketAddr,
) -> (Response<Body>, Lease) {
    if !is_agreed(&response, method) {
        return (response.map(Body::incoming), Lease::Pool(lease));
    }
    gate.tunnel();
    let server = hyper::upgrade::on(&mut response);
    tokio::task::spawn_local(async move {
        match tokio::try_join!(client, server) {
            Ok((client, server)) => {
                copy::both(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
            }
            Err(error) => tracing::info!(client = %peer, %error, "a change of protocol failed"),
        }
    });
    (response.map(|_| Body::empty()), Lease::None)
}

/// Whether the server agrees to the change of protocol that a request of this method asked for.
pub(crate) fn is_agreed<B>(response: &Response<B>, method: &Method) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        || (*method == Method::CONNECT && response.status().is_success())
}
