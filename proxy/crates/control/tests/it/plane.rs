//! A stand-in for the control plane, in this process, over real sockets.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hauberk_api::linkerd::destination::destination_server::{Destination, DestinationServer};
use hauberk_api::linkerd::destination::{DestinationProfile, GetDestination, Update};
use hauberk_api::linkerd::inbound::inbound_server_policies_server::{
    InboundServerPolicies, InboundServerPoliciesServer,
};
use hauberk_api::linkerd::inbound::{PortSpec, Server};
use hauberk_api::linkerd::outbound::outbound_policies_server::{OutboundPolicies, OutboundPoliciesServer};
use hauberk_api::linkerd::outbound::{OutboundPolicy, TrafficSpec, traffic_spec};
use hauberk_api::view::views_server::{Views, ViewsServer};
use hauberk_api::view::{ConfirmRequest, Confirmation};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tonic::codegen::Service;
use tonic::{Request, Response, Status};

use crate::script::{Answers, Script};

type Scripts<M> = Mutex<HashMap<String, Arc<Script<M>>>>;

/// What it says, by question. A question that nobody wrote a script for gets silence.
#[derive(Default)]
pub(crate) struct Plane {
    endpoints: Scripts<Update>,
    profiles: Scripts<DestinationProfile>,
    policies: Scripts<OutboundPolicy>,
    ports: Scripts<Server>,
    confirmations: Scripts<Confirmation>,
    blunt: Mutex<Option<Blunt>>,
    blunt_answers: AtomicUsize,
}

/// An answer to every call that is hardly one of gRPC.
#[derive(Clone, Copy)]
pub(crate) struct Blunt {
    pub(crate) status: u16,
    pub(crate) grpc_status: Option<&'static str>,
}

fn script<M: Clone>(scripts: &Scripts<M>, key: &str) -> Arc<Script<M>> {
    scripts.lock().unwrap().entry(key.to_owned()).or_insert_with(Script::new).clone()
}

impl Plane {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn endpoints(&self, path: &str) -> Arc<Script<Update>> {
        script(&self.endpoints, path)
    }

    pub(crate) fn profile(&self, path: &str) -> Arc<Script<DestinationProfile>> {
        script(&self.profiles, path)
    }

    pub(crate) fn policy(&self, port: u16) -> Arc<Script<OutboundPolicy>> {
        script(&self.policies, &port.to_string())
    }

    /// The policy of a destination that has a name.
    pub(crate) fn named(&self, authority: &str) -> Arc<Script<OutboundPolicy>> {
        script(&self.policies, authority)
    }

    pub(crate) fn port(&self, port: u16) -> Arc<Script<Server>> {
        script(&self.ports, &port.to_string())
    }

    /// From now on every call is answered like this; `None` ends it.
    pub(crate) fn answers(&self, all: Option<Blunt>) {
        *self.blunt.lock().unwrap() = all;
    }

    pub(crate) fn blunt_answers(&self) -> usize {
        self.blunt_answers.load(Ordering::Relaxed)
    }

    pub(crate) fn confirmations(&self) -> Arc<Script<Confirmation>> {
        script(&self.confirmations, "")
    }
}

/// A server that ends, with all its connections, when it is dropped.
pub(crate) struct Running(JoinSet<()>);

impl Running {
    /// Ends it, and waits for that.
    pub(crate) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

pub(crate) fn serve_tcp(plane: &Arc<Plane>, listener: TcpListener) -> Running {
    let plane = plane.clone();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            connections.spawn(serve(plane.clone(), socket));
        }
    });
    Running(tasks)
}

pub(crate) fn serve_unix(plane: &Arc<Plane>, listener: UnixListener) -> Running {
    let plane = plane.clone();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            connections.spawn(serve(plane.clone(), socket));
        }
    });
    Running(tasks)
}

async fn serve(plane: Arc<Plane>, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let plane = Arc::new(Of(plane.clone()));
        async move {
            if let Some(blunt) = *plane.0.blunt.lock().unwrap() {
                plane.0.blunt_answers.fetch_add(1, Ordering::Relaxed);
                return Ok(blunt.response());
            }
            let path = request.uri().path().to_owned();
            let response = match path.split('/').nth(1) {
                Some("io.linkerd.proxy.destination.Destination") => {
                    DestinationServer::from_arc(plane).call(request).await
                }
                Some("io.linkerd.proxy.outbound.OutboundPolicies") => {
                    OutboundPoliciesServer::from_arc(plane).call(request).await
                }
                Some("io.linkerd.proxy.inbound.InboundServerPolicies") => {
                    InboundServerPoliciesServer::from_arc(plane).call(request).await
                }
                _ => ViewsServer::from_arc(plane).call(request).await,
            };
            Ok::<_, Infallible>(response.unwrap_or_else(|never| match never {}))
        }
    });
    let mut server = http2::Builder::new(TokioExecutor::new());
    server.max_concurrent_streams(100);
    let _: Result<(), hyper::Error> = server.serve_connection(TokioIo::new(socket), answer).await;
}

impl Blunt {
    fn response(self) -> http::Response<tonic::body::Body> {
        let response = http::Response::builder().status(self.status).header("content-type", "application/grpc");
        let response =
            self.grpc_status.into_iter().fold(response, |response, code| response.header("grpc-status", code));
        response.body(tonic::body::Body::empty()).unwrap()
    }
}

struct Of(Arc<Plane>);

#[tonic::async_trait]
impl Destination for Of {
    type GetStream = Answers<Update>;
    type GetProfileStream = Answers<DestinationProfile>;

    async fn get(&self, request: Request<GetDestination>) -> Result<Response<Self::GetStream>, Status> {
        self.0.endpoints(&request.into_inner().path).open().map(Response::new)
    }

    async fn get_profile(&self, request: Request<GetDestination>) -> Result<Response<Self::GetProfileStream>, Status> {
        self.0.profile(&request.into_inner().path).open().map(Response::new)
    }
}

#[tonic::async_trait]
impl OutboundPolicies for Of {
    type WatchStream = Answers<OutboundPolicy>;

    async fn get(&self, _: Request<TrafficSpec>) -> Result<Response<OutboundPolicy>, Status> {
        Err(Status::internal("nobody asks that"))
    }

    async fn watch(&self, request: Request<TrafficSpec>) -> Result<Response<Self::WatchStream>, Status> {
        match request.into_inner().target {
            Some(traffic_spec::Target::Addr(addr)) => {
                self.0.policy(u16::try_from(addr.port).unwrap()).open().map(Response::new)
            }
            Some(traffic_spec::Target::Authority(name)) => self.0.named(&name).open().map(Response::new),
            None => Err(Status::internal("no target")),
        }
    }
}

#[tonic::async_trait]
impl InboundServerPolicies for Of {
    type WatchPortStream = Answers<Server>;

    async fn get_port(&self, _: Request<PortSpec>) -> Result<Response<Server>, Status> {
        Err(Status::internal("nobody asks that"))
    }

    async fn watch_port(&self, request: Request<PortSpec>) -> Result<Response<Self::WatchPortStream>, Status> {
        self.0.port(u16::try_from(request.into_inner().port).unwrap()).open().map(Response::new)
    }
}

#[tonic::async_trait]
impl Views for Of {
    type ConfirmStream = Answers<Confirmation>;

    async fn confirm(&self, request: Request<ConfirmRequest>) -> Result<Response<Self::ConfirmStream>, Status> {
        assert_eq!(request.into_inner().workload, crate::support::WORKLOAD);
        self.0.confirmations().open().map(Response::new)
    }
}

/// A free port on loopback.
pub(crate) async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").await
}
