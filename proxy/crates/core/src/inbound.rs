//! Who may talk to a port of this workload, and how its bytes are read.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::meta::Meta;
use crate::rate::Limits;
use crate::route::{GrpcFilter, GrpcMatch, HttpFilter, HttpMatch, Route};
use crate::version::Version;

/// The policy of one port.
#[derive(Clone, Debug)]
pub struct ServerPolicy {
    /// The Server, or the default policy.
    pub meta: Arc<Meta>,
    /// How bytes are read.
    pub protocol: Protocol,
    /// Who may connect; they also hold for each route, after the route's own.
    pub authorizations: Arc<[Arc<Authorization>]>,
    /// How many HTTP requests may come in a second; `None`: any number.
    pub rate_limits: Option<Arc<Limits>>,
    /// The state of the mesh that this shows, where the control plane says so.
    pub version: Option<Version>,
}

/// How the bytes of a connection are read, with the routes for each reading.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// Look at the first bytes.
    Detect {
        /// How long to wait for them.
        timeout: Duration,
        /// If they are HTTP; empty means one route for everything.
        routes: HttpRoutes,
    },
    /// HTTP/1.
    Http1(HttpRoutes),
    /// HTTP/2.
    Http2(HttpRoutes),
    /// gRPC over HTTP/2.
    Grpc(Arc<[Route<GrpcMatch, GrpcAccess>]>),
    /// Never look; a mesh peer comes through the proxy's own port.
    Opaque,
    /// TLS of the program itself.
    Tls,
}

/// Routes of a port in order.
pub type HttpRoutes = Arc<[Route<HttpMatch, HttpAccess>]>;

/// What a rule of an inbound HTTP route does.
#[derive(Clone, Debug, Default)]
pub struct HttpAccess {
    /// Who may, beside the port's own authorizations. The same list for all rules of a route.
    pub authorizations: Arc<[Arc<Authorization>]>,
    /// In order.
    pub filters: Vec<HttpFilter>,
}

/// What a rule of an inbound gRPC route does.
#[derive(Clone, Debug, Default)]
pub struct GrpcAccess {
    /// Who may, beside the port's own authorizations.
    pub authorizations: Arc<[Arc<Authorization>]>,
    /// In order.
    pub filters: Vec<GrpcFilter>,
}

/// Lets some clients through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Where it comes from.
    pub meta: Arc<Meta>,
    /// The client's address must be in one of these.
    pub networks: Vec<Network>,
    /// And it must have proven this.
    pub authentication: Authentication,
}

/// A network without some parts of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The whole.
    pub net: Cidr,
    /// Not these.
    pub except: Vec<Cidr>,
}

/// An address and how many leading bits of it count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The network's address.
    pub addr: IpAddr,
    /// At most 32 or 128.
    pub prefix: u8,
}

/// What a client must have proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing.
    Unauthenticated,
    /// Mutual TLS with this mesh, with or without an identity.
    TlsUnauthenticated,
    /// Mutual TLS with one of these identities.
    Tls {
        /// Whole names, DNS or SPIFFE.
        identities: Vec<Arc<str>>,
        /// `*.a.b` as `["a", "b"]`; an empty list is every DNS name. SPIFFE IDs match as a whole only.
        suffixes: Vec<Vec<Arc<str>>>,
    },
}
