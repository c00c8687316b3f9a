//! The labels of outbound traffic (Linkerd's names and values, so that dashboards mean the same).

use std::net::SocketAddr;
use std::sync::Arc;

use hauberk_core::endpoint::{Endpoint, Labels};
use hauberk_core::meta::Meta;
use hauberk_metrics::balancer::{BalancerMetrics, Carries};
use hauberk_metrics::counter::Counter;
use hauberk_metrics::edge::{EdgeMetrics, TransportMetrics};
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::route::{BackendMetrics, RouteMetrics};

use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::rule::Of;
use crate::outbound::stack::Reading;

/// Connections that the program makes to `dst`. `server_name`: the one that its own TLS asks for, empty if it asks for none.
pub(crate) fn accepted(metrics: &DataMetrics, dst: SocketAddr, server_name: Option<&str>) -> Arc<TransportMetrics> {
    metrics.transport_by(&("outbound", dst, server_name), || {
        let labels = target(direction().with("peer", "src").kept_in_overflow(), dst);
        let labels = labels.with("tls", "no_identity").with("no_tls_reason", "loopback");
        server_name.into_iter().fold(labels, |labels, name| labels.with("sni", name))
    })
}

/// Connections to an endpoint. `local`: it is this very workload.
pub(crate) fn transport(endpoint: &Endpoint, set_labels: &Labels, local: bool) -> LabelSet {
    let labels = direction().with("peer", "dst").kept_in_overflow();
    service(tls(target(labels, endpoint.addr), endpoint, local), &endpoint.labels, set_labels)
}

/// Requests to an endpoint. `local`: it is this very workload.
pub(crate) fn edge(
    metrics: &DataMetrics,
    authority: &str,
    endpoint: &Endpoint,
    set_labels: &Labels,
    local: bool,
) -> EdgeMetrics {
    let labels = target(direction().kept_in_overflow().with("authority", authority), endpoint.addr);
    let labels = service(tls(labels, endpoint, local), &endpoint.labels, set_labels);
    EdgeMetrics::new(metrics.edge(&labels), Vec::new())
}

/// A request was answered with an error of this proxy's own.
pub(crate) fn http_error(metrics: &DataMetrics, error: &ProxyError) {
    count_error(metrics, Family::OutboundHttpErrors, error.kind.label());
}

/// A client was given up that stalled.
pub(super) fn client_stalled(metrics: &DataMetrics) {
    count_error(metrics, Family::OutboundHttpErrors, ErrorKind::ClientStalled.label());
}

/// A connection ended by an error of this class, such as `ErrorKind::label` or `i/o`.
pub(crate) fn connection_error(metrics: &DataMetrics, error: &'static str) {
    count_error(metrics, Family::OutboundTcpErrors, error);
}

/// A connection of the program whose bytes are read like this.
pub(super) fn protocol(metrics: &DataMetrics, reading: Reading) {
    let protocol = match reading {
        Reading::Detect { .. } => "detect",
        Reading::Http1 => "http/1",
        Reading::Http2 => "http/2",
        Reading::Opaque => "opaq",
        Reading::Tls => "tls",
        Reading::Refused => return,
    };
    let labels = || LabelSet::new().with("protocol", protocol);
    metrics.counter_by(Family::OutboundTcpProtocol, &protocol, labels).increment();
}

/// The balancer of the service that is discovered by `path`.
pub(crate) fn balancer(metrics: &DataMetrics, path: &str) -> Arc<BalancerMetrics> {
    metrics.balancer(&LabelSet::new().with("addr", path))
}

/// Requests on a route.
pub(super) fn route(metrics: &DataMetrics, of: Of<'_>) -> RouteMetrics {
    metrics.route(of.kind, &on_route(of))
}

/// Requests on a route to one of its backends.
pub(super) fn backend(metrics: &DataMetrics, of: Of<'_>, backend: &Meta) -> BackendMetrics {
    metrics.backend(of.kind, &part(on_route(of), "backend", backend))
}

/// Counts the connections of a route for bytes.
pub(super) struct RouteConnections {
    labels: LabelSet,
    closes: Family,
    opened: Arc<Counter>,
    ended: Arc<Counter>,
}

impl RouteConnections {
    /// A connection takes the route.
    pub(super) fn opened(&self) {
        self.opened.increment();
    }

    /// It is over: it ended by itself, or for this reason (a word of the contract).
    pub(super) fn closed(&self, metrics: &DataMetrics, error: &'static str) {
        if error.is_empty() {
            return self.ended.increment();
        }
        metrics.counter(self.closes, &self.labels.clone().with("error", error)).increment();
    }
}

/// Connections on a route for bytes, or for TLS by its server name.
pub(super) fn route_connections(
    metrics: &DataMetrics,
    carries: Carries,
    parent: &Meta,
    route: &Meta,
) -> RouteConnections {
    let (opens, closes) = match carries {
        Carries::Tls => (Family::OutboundTlsRouteOpen, Family::OutboundTlsRouteClose),
        Carries::Http | Carries::Tcp => (Family::OutboundTcpRouteOpen, Family::OutboundTcpRouteClose),
    };
    let labels = route_of(part(LabelSet::new(), "parent", parent), route);
    let ended = metrics.counter(closes, &labels.clone().with("error", ""));
    RouteConnections { opened: metrics.counter(opens, &labels), ended, labels, closes }
}

fn route_of(labels: LabelSet, route: &Meta) -> LabelSet {
    labels
        .with("route_group", route.group())
        .with("route_kind", route.kind())
        .with("route_namespace", route.namespace())
        .with("route_name", route.name())
}

/// Names of hosts are the program's own choice: the label is there, for dashboards that group by it, and empty.
fn on_route(of: Of<'_>) -> LabelSet {
    route_of(part(LabelSet::new(), "parent", of.parent), of.route).with("hostname", "")
}

fn part(labels: LabelSet, name: &str, meta: &Meta) -> LabelSet {
    let (port, section) = match meta {
        Meta::Default(_) => (None, ""),
        Meta::Resource(resource) => (resource.port, &*resource.section),
    };
    labels
        .with(&format!("{name}_group"), meta.group())
        .with(&format!("{name}_kind"), meta.kind())
        .with(&format!("{name}_namespace"), meta.namespace())
        .with(&format!("{name}_name"), meta.name())
        .with(&format!("{name}_port"), port.map(|port| port.to_string()).unwrap_or_default())
        .with(&format!("{name}_section_name"), section)
}

fn direction() -> LabelSet {
    LabelSet::new().with("direction", "outbound")
}

fn count_error(metrics: &DataMetrics, family: Family, error: &'static str) {
    metrics.counter_by(family, &error, || LabelSet::new().with("error", error)).increment();
}

fn target(labels: LabelSet, addr: SocketAddr) -> LabelSet {
    labels.with("target_addr", addr).with("target_ip", addr.ip()).with("target_port", addr.port())
}

fn tls(labels: LabelSet, endpoint: &Endpoint, local: bool) -> LabelSet {
    match &endpoint.tls {
        Some(target) if !local => labels.with("tls", "true").with("server_id", &target.id),
        _ => {
            let reason = if local { "loopback" } else { "not_provided_by_service_discovery" };
            labels.with("tls", "no_identity").with("no_tls_reason", reason)
        }
    }
}

/// What discovery says of the endpoint and of its service; the endpoint's own word counts more.
fn service(mut labels: LabelSet, endpoint: &Labels, set: &Labels) -> LabelSet {
    for (name, value) in endpoint.iter().chain(set.iter()) {
        labels = labels.with(&format!("dst_{name}"), value);
    }
    labels
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hauberk_core::endpoint::{Endpoint, Http2Params, Labels, ProtocolHint};
    use hauberk_core::identity::{Id, TlsTarget};

    use super::transport;

    fn labels(of: &[(&str, &str)]) -> Labels {
        of.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect::<BTreeMap<_, _>>().into()
    }

    fn endpoint(tls: Option<TlsTarget>) -> Endpoint {
        Endpoint {
            addr: "10.1.2.3:80".parse().unwrap(),
            weight: 1,
            labels: labels(&[("pod", "web-0"), ("zone", "near")]),
            tls,
            hint: ProtocolHint::Unknown,
            transport_port: None,
            authority_override: None,
            http2: Http2Params::default(),
            resource: None,
        }
    }

    #[test]
    fn an_endpoint_is_named_with_its_identity_and_its_service() {
        let tls = TlsTarget { id: Id::Dns("web.id".into()), server_name: "web.id".into() };
        let set = labels(&[("service", "web"), ("zone", "far")]);
        let expected = "direction=\"outbound\",peer=\"dst\",target_addr=\"10.1.2.3:80\",target_ip=\"10.1.2.3\",\
                        target_port=\"80\",tls=\"true\",server_id=\"web.id\",dst_pod=\"web-0\",dst_zone=\"near\",\
                        dst_service=\"web\"";
        assert_eq!(transport(&endpoint(Some(tls)), &set, false).as_str(), expected);
    }

    #[test]
    fn a_connection_without_mutual_tls_says_why() {
        let reason = |endpoint, local| transport(&endpoint, &labels(&[]), local).as_str().to_owned();
        let tls = TlsTarget { id: Id::Dns("web.id".into()), server_name: "web.id".into() };
        assert!(reason(endpoint(Some(tls)), true).contains("tls=\"no_identity\",no_tls_reason=\"loopback\""));
        assert!(reason(endpoint(None), false).contains("no_tls_reason=\"not_provided_by_service_discovery\""));
    }
}
