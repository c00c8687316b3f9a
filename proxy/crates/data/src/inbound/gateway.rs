//! Connections of other clusters for destinations of this one: a transport header that names one, under this gateway's
//! suffixes. What the policy of the proxy's own port lets in goes to the outbound side as if a program had sent it.

use std::net::SocketAddr;
use std::rc::Rc;

use ::http::header::{FORWARDED, HOST};
use ::http::{HeaderValue, Request, Version};
use hauberk_core::forwarded;
use hauberk_core::identity::ClientTls;
use hauberk_core::name::NameAddr;
use hauberk_core::transport_header::{Header, Session};
use hauberk_net::io::Socket;

use crate::connect::Within;
use crate::forward::ForwardError;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::value_of;
use crate::inbound::app::App;
use crate::inbound::pass::pass;
use crate::inbound::refused::Refused;
use crate::inbound::{Client, http};
use crate::outbound;
use crate::stream::Stream;
use crate::worker::Worker;

/// Where the requests of one connection go.
pub(super) struct Gateway {
    target: Result<Target, ProxyError>,
    app: Rc<App>,
    /// Who this gateway is, in `Forwarded`.
    id: Rc<str>,
}

/// A destination under the gateway's suffixes.
struct Target {
    /// As requests of HTTP/1 must name it: the client's proxy could not know.
    host: HeaderValue,
    name: NameAddr,
}

/// Serves a connection whose header names a destination.
pub(super) async fn serve(
    worker: &Rc<Worker>,
    stream: Stream,
    client: Client,
    local: SocketAddr,
    header: &Header,
) -> Result<(), Refused> {
    let name = header.name.as_deref().unwrap_or_default();
    let target = NameAddr::new(name, header.port).filter(|name| worker.shared.config.inbound.gateway.contain(name));
    let invalid = || format!("{name}:{}", header.port);
    match header.session {
        Some(session) => {
            let gateway = Rc::new(Gateway::new(worker, target.ok_or_else(invalid), local));
            Ok(http::serve(worker, stream, client, local, session == Session::Http2, Some(gateway)).await?)
        }
        None => {
            let target = target.ok_or_else(|| Refused::GatewayDomain(invalid()))?;
            let destination = worker.outbound.destination_by_name(worker, &target);
            let carry =
                async |stream| outbound::carry(worker, stream, &destination).await.map_err(ForwardError::Elsewhere);
            pass(worker, stream, client, local, carry).await
        }
    }
}

impl Gateway {
    fn new(worker: &Rc<Worker>, target: Result<NameAddr, String>, local: SocketAddr) -> Self {
        let id = Rc::from(&*worker.shared.config.inbound.local_name);
        match target {
            Ok(name) => {
                let app =
                    worker.inbound.gateway(worker, &name, || App::within(&worker.shared, within(worker, &name, local)));
                let host = value_of(outbound::authority_of(&name).as_str());
                Self { target: Ok(Target { host, name }), app, id }
            }
            Err(name) => {
                let message = format!("{name} is no destination of this gateway");
                // Nothing is ever sent there.
                Self {
                    target: Err(ProxyError::new(ErrorKind::NoRoute, message)),
                    app: worker.inbound.app(worker, local),
                    id,
                }
            }
        }
    }

    /// The outbound side, in the place of a program.
    pub(super) fn app(&self) -> &Rc<App> {
        &self.app
    }

    /// Makes a request of `client` ready for the outbound side; an error is the answer.
    pub(super) fn admit<B>(&self, request: &mut Request<B>, client: &Client) -> Result<(), ProxyError> {
        let target = self.target.as_ref().map_err(ProxyError::clone)?;
        let known = request.headers().get_all(FORWARDED);
        if known.iter().any(|value| forwarded::names(value.as_bytes(), &self.id)) {
            let message = format!("the request came through this gateway before: {} is routed back to it", target.name);
            return Err(ProxyError::new(ErrorKind::GatewayLoop, message));
        }
        if request.version() != Version::HTTP_2 {
            request.headers_mut().insert(HOST, target.host.clone());
        }
        if let ClientTls::Identified { id, .. } = &client.tls {
            let host = target.host.to_str().unwrap_or_default();
            let hop = forwarded::hop(&self.id, id.as_str(), host);
            request.headers_mut().append(FORWARDED, value_of(&hop));
        }
        Ok(())
    }
}

/// Connections within this proxy to its outbound side, for `name`.
fn within(worker: &Rc<Worker>, name: &NameAddr, local: SocketAddr) -> Within {
    let (weak, to) = (Rc::downgrade(worker), name.clone());
    let open = move |socket: Socket| {
        // A worker that is gone has no connections.
        let Some(worker) = weak.upgrade() else { return };
        let destination = worker.outbound.destination_by_name(&worker, &to);
        tokio::task::spawn_local(outbound::serve_within(worker, socket, local, destination));
    };
    Within { name: name.to_string().into(), open: Rc::new(open) }
}
