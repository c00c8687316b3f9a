//! Bytes that nobody reads, for as long as policy lets them pass.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::authorize::{self, Verdict};
use hauberk_core::inbound::{Protocol, ServerPolicy};
use hauberk_core::meta::Meta;

use crate::forward::{ForwardError, forward, join, until_revoked};
use crate::inbound::refused::Refused;
use crate::inbound::{Client, labels};
use crate::stream::Stream;
use crate::worker::Worker;

/// Joins the client to the program's port, if policy lets it pass bytes that nobody reads. `program`: by this connection.
pub(super) fn opaque(
    worker: &Rc<Worker>,
    stream: Stream,
    client: Client,
    dst: SocketAddr,
    program: Option<Stream>,
) -> impl Future<Output = Result<(), Refused>> {
    let app = worker.inbound.app(worker, dst);
    let room = &worker.shared.budgets.buffers;
    let carry = async move |stream| match program {
        Some(program) => join(stream, program, room).await,
        None => forward(stream, &app.connector, room).await,
    };
    pass(worker, stream, client, dst, carry)
}

/// Lets `carry` have the client's bytes for as long as the policy of `dst` lets bytes pass that nobody reads.
///
/// A block and no `async fn`, which would hold its arguments twice.
#[allow(clippy::manual_async_fn)]
pub(super) fn pass(
    worker: &Rc<Worker>,
    mut stream: Stream,
    client: Client,
    dst: SocketAddr,
    carry: impl AsyncFnOnce(Stream) -> Result<(), ForwardError>,
) -> impl Future<Output = Result<(), Refused>> {
    async move {
        let policy = worker.inbound.policy(worker, dst.port());
        let metrics = &worker.shared.metrics;
        let current = policy.borrow().clone();
        if demands_http(&current) {
            return Err(Refused::NotHttp(dst.port()));
        }
        match authorize::connection(&current, client.addr.ip(), &client.tls) {
            Verdict::Allow(authorization) => {
                stream.attach(labels::tcp_allowed(metrics, &current, authorization.as_ref(), &client, dst));
            }
            Verdict::Deny => {
                labels::tcp_denied(metrics, &current, &client, dst);
                return Err(Refused::Unauthorized(dst.port()));
            }
        }
        let allowed = |policy: &Arc<ServerPolicy>| passes_bytes(policy, &client);
        tokio::select! {
            carried = carry(stream) => Ok(carried.map_err(io::Error::other)?),
            () = until_revoked(policy, allowed) => {
                labels::tcp_terminated(metrics, &current, &client, dst);
                Err(Refused::Unauthorized(dst.port()))
            }
        }
    }
}

/// Whether the client may pass bytes that nobody reads.
pub(super) fn passes_bytes(policy: &ServerPolicy, client: &Client) -> bool {
    let verdict = authorize::connection(policy, client.addr.ip(), &client.tls);
    matches!(verdict, Verdict::Allow(_)) && !demands_http(policy)
}

/// Whether policy decides by request, so that bytes which are no request must not pass: a route that somebody wrote lets
/// through what it matches and nothing else, whoever may connect, and a rate of requests counts nothing else.
pub(super) fn demands_http(policy: &ServerPolicy) -> bool {
    match &policy.protocol {
        Protocol::Http1(_) | Protocol::Http2(_) | Protocol::Grpc(_) => true,
        Protocol::Detect { routes, .. } => {
            policy.rate_limits.is_some() || routes.iter().any(|route| matches!(*route.meta, Meta::Resource(_)))
        }
        Protocol::Opaque | Protocol::Tls => false,
    }
}
