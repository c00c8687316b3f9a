//! The labels of inbound traffic (Linkerd's names and values, so that dashboards mean the same). They are written for the
//! first connection that they fit; for the next ones, counters are found by the facts that labels are made of.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::authorize::Verdict;
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::{Authorization, Protocol, ServerPolicy};
use hauberk_core::meta::Meta;
use hauberk_core::rate::{Limits, Scope};
use hauberk_core::transport_header::{Header, Session};
use hauberk_metrics::counter::Counter;
use hauberk_metrics::edge::{EdgeMetrics, TransportMetrics};
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::route::BackendMetrics;
use hauberk_metrics::statuses::RouteKind;

use crate::http::error::{ErrorKind, ProxyError};
use crate::inbound::Client;
use crate::inbound::refused::Refused;

/// Connections to the program.
pub(super) fn app(addr: SocketAddr) -> LabelSet {
    let labels = direction().with("peer", "dst").kept_in_overflow();
    target(labels, addr).with("tls", "no_identity").with("no_tls_reason", "loopback")
}

/// A connection whose requests are decided one by one.
pub(super) fn http_transport(
    metrics: &DataMetrics,
    policy: &ServerPolicy,
    client: &Client,
    dst: SocketAddr,
) -> Arc<TransportMetrics> {
    metrics.transport_by(&("inbound", facts(policy, client, dst)), || {
        let labels = target(direction().with("peer", "src").kept_in_overflow(), dst);
        server(tls(labels, policy, client), policy, dst)
    })
}

/// A connection was let in: it is counted, and its transport's counters are returned.
pub(super) fn tcp_allowed(
    metrics: &DataMetrics,
    policy: &ServerPolicy,
    authorization: &Authorization,
    client: &Client,
    dst: SocketAddr,
) -> Arc<TransportMetrics> {
    let facts = (facts(policy, client, dst), &*authorization.meta);
    let labels = || authorized(access(policy, client, dst), authorization);
    metrics.counter_by(Family::InboundTcpAllowed, &facts, labels).increment();
    http_transport(metrics, policy, client, dst)
}

/// A connection was refused by policy.
pub(super) fn tcp_denied(metrics: &DataMetrics, policy: &ServerPolicy, client: &Client, dst: SocketAddr) {
    decision(metrics, Family::InboundTcpDenied, policy, client, dst).increment();
}

/// An open connection was closed since policy changed.
pub(super) fn tcp_terminated(metrics: &DataMetrics, policy: &ServerPolicy, client: &Client, dst: SocketAddr) {
    decision(metrics, Family::InboundTcpTerminated, policy, client, dst).increment();
}

fn decision(
    metrics: &DataMetrics,
    family: Family,
    policy: &ServerPolicy,
    client: &Client,
    dst: SocketAddr,
) -> Arc<Counter> {
    metrics.counter_by(family, &facts(policy, client, dst), || access(policy, client, dst))
}

/// The requests of a client on a route. What was decided for them is counted with each.
pub(super) fn edge(
    metrics: &DataMetrics,
    policy: &ServerPolicy,
    route: Option<&Arc<Meta>>,
    verdict: &Verdict,
    client: &Client,
    dst: SocketAddr,
) -> Rc<EdgeMetrics> {
    let route = route.map(|meta| &**meta);
    let authorization = match verdict {
        Verdict::Allow(authorization) => Some(&**authorization),
        Verdict::Deny => None,
    };
    let facts = (facts(policy, client, dst), route, authorization.map(|authorization| &*authorization.meta));
    let decided = |labels| {
        let routed = on_route(labels, route);
        authorization.into_iter().fold(routed, authorized)
    };
    let series = metrics.edge_by(&("inbound", &facts), || {
        decided(server(tls(target(direction().kept_in_overflow(), dst), policy, client), policy, dst))
    });
    let counter = |family| metrics.counter_by(family, &facts, || decided(access(policy, client, dst)));
    let each_request = match authorization {
        Some(_) => vec![counter(Family::InboundHttpAllowed)],
        None => vec![counter(Family::InboundHttpDenied), http_errors(metrics, ErrorKind::Unauthorized)],
    };
    Rc::new(EdgeMetrics::new(series, each_request).on_route(served(metrics, policy, route, dst)))
}

/// The requests on a route, whoever sends them.
fn served(metrics: &DataMetrics, policy: &ServerPolicy, route: Option<&Meta>, dst: SocketAddr) -> BackendMetrics {
    let kind = match policy.protocol {
        Protocol::Grpc(_) => RouteKind::Grpc,
        _ => RouteKind::Http,
    };
    metrics.served_by(kind, &(&*policy.meta, dst.port(), route), || {
        let parent = LabelSet::new()
            .with("parent_group", policy.meta.group())
            .with("parent_kind", policy.meta.kind())
            .with("parent_name", policy.meta.name())
            .with("parent_port", dst.port());
        on_route(parent, route)
    })
}

/// A request was answered with an error of this proxy's own.
pub(super) fn http_error(metrics: &DataMetrics, error: &ProxyError) {
    http_errors(metrics, error.kind).increment();
}

/// A client was given up that stalled.
pub(super) fn client_stalled(metrics: &DataMetrics) {
    http_errors(metrics, ErrorKind::ClientStalled).increment();
}

fn http_errors(metrics: &DataMetrics, kind: ErrorKind) -> Arc<Counter> {
    let label = kind.label();
    metrics.counter_by(Family::InboundHttpErrors, &label, || error_label(label))
}

/// No route takes a request.
pub(super) fn route_not_found(metrics: &DataMetrics, policy: &ServerPolicy, client: &Client, dst: SocketAddr) {
    decision(metrics, Family::InboundHttpRouteNotFound, policy, client, dst).increment();
}

/// A request came too early for the limit of `scope`.
pub(super) fn rate_limited(
    metrics: &DataMetrics,
    policy: &ServerPolicy,
    limits: &Limits,
    scope: Scope,
    client: &Client,
    dst: SocketAddr,
) {
    let meta = limits.rates().meta.as_deref();
    let facts = (facts(policy, client, dst), meta, scope.as_str());
    let labels = || {
        let labels = access(policy, client, dst);
        let from = |labels: LabelSet, meta: &Meta| {
            labels
                .with("ratelimit_group", meta.group())
                .with("ratelimit_kind", meta.kind())
                .with("ratelimit_name", meta.name())
        };
        meta.into_iter().fold(labels, from).with("ratelimit_scope", scope.as_str())
    };
    metrics.counter_by(Family::InboundHttpRateLimited, &facts, labels).increment();
}

/// Another proxy made a connection with a header. Any client of the mesh may name any port: those are not told apart beyond
/// the family's bound.
pub(super) fn transport_header(metrics: &DataMetrics, header: &Header, client: &Client) {
    let session = match header.session {
        Some(Session::Http1) => "http/1",
        Some(Session::Http2) => "http/2",
        None => "",
    };
    let id = id_of(client);
    let facts = (session, header.port, header.name.as_deref(), id);
    let labels = || {
        LabelSet::new()
            .with("session_protocol", session)
            .with("target_port", header.port)
            .with("target_name", header.name.as_deref().unwrap_or_default())
            .with("client_id", id.unwrap_or_default())
    };
    metrics.counter_by(Family::InboundTransportHeader, &facts, labels).increment();
}

/// A connection ended by an error.
pub(super) fn connection_error(metrics: &DataMetrics, error: &Refused) {
    let label = match error {
        Refused::Io(_) => "i/o",
        Refused::ForeignDestination(_) => "foreign destination",
        Refused::Loop => "gateway loop",
        Refused::HandshakeTimeout => "tls detection timeout",
        Refused::NoCertificate => "no certificate",
        Refused::Unauthorized(_) => "unauthorized",
        Refused::NotHttp(_) => "not http",
        Refused::Header(_) => "transport header",
        Refused::GatewayDomain(_) => "gateway domain invalid",
    };
    metrics.counter_by(Family::InboundTcpErrors, &label, || error_label(label)).increment();
}

fn direction() -> LabelSet {
    LabelSet::new().with("direction", "inbound")
}

fn error_label(error: &str) -> LabelSet {
    LabelSet::new().with("error", error)
}

/// What `access` is made of.
fn facts<'a>(
    policy: &'a ServerPolicy,
    client: &'a Client,
    dst: SocketAddr,
) -> (&'a Meta, SocketAddr, Option<&'a str>, Option<&'a str>, (bool, bool)) {
    let why_plain = (is_unread(policy), client.addr.ip().is_loopback());
    (&policy.meta, dst, id_of(client), client.own_tls.as_deref(), why_plain)
}

/// Whether nobody looks for TLS, as bytes pass on this port unread.
fn is_unread(policy: &ServerPolicy) -> bool {
    matches!(policy.protocol, Protocol::Opaque)
}

/// Empty for a client that has none; `None` without mutual TLS.
fn id_of(client: &Client) -> Option<&str> {
    match &client.tls {
        ClientTls::Identified { id, .. } => Some(id.as_str()),
        ClientTls::Anonymous => Some(""),
        ClientTls::Plain => None,
    }
}

/// The labels of the counters of decisions.
fn access(policy: &ServerPolicy, client: &Client, dst: SocketAddr) -> LabelSet {
    server(tls(LabelSet::new().with("target_addr", dst), policy, client), policy, dst)
}

fn target(labels: LabelSet, addr: SocketAddr) -> LabelSet {
    labels.with("target_addr", addr).with("target_ip", addr.ip()).with("target_port", addr.port())
}

fn tls(labels: LabelSet, policy: &ServerPolicy, client: &Client) -> LabelSet {
    match &client.tls {
        ClientTls::Identified { id, .. } => labels.with("tls", "true").with("client_id", id),
        ClientTls::Anonymous => labels.with("tls", "true").with("client_id", ""),
        ClientTls::Plain if client.own_tls.is_some() => {
            labels.with("tls", "opaque").with("sni", client.own_tls.as_deref().unwrap_or_default())
        }
        ClientTls::Plain => {
            let reason = match (is_unread(policy), client.addr.ip().is_loopback()) {
                (true, _) => "port_skipped",
                (false, true) => "loopback",
                (false, false) => "no_tls_from_remote",
            };
            labels.with("tls", "no_identity").with("no_tls_reason", reason)
        }
    }
}

fn server(labels: LabelSet, policy: &ServerPolicy, dst: SocketAddr) -> LabelSet {
    labels
        .with("srv_group", policy.meta.group())
        .with("srv_kind", policy.meta.kind())
        .with("srv_name", policy.meta.name())
        .with("srv_port", dst.port())
}

/// A port without routes has one for everything, which the mesh calls `default`.
fn on_route(labels: LabelSet, route: Option<&Meta>) -> LabelSet {
    labels
        .with("route_group", route.map_or("", Meta::group))
        .with("route_kind", route.map_or("default", Meta::kind))
        .with("route_name", route.map_or("default", Meta::name))
}

fn authorized(labels: LabelSet, authorization: &Authorization) -> LabelSet {
    let meta = &authorization.meta;
    labels.with("authz_group", meta.group()).with("authz_kind", meta.kind()).with("authz_name", meta.name())
}

#[cfg(test)]
mod tests;
