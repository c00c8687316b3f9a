//! Families that are nothing but counters.

/// Families of plain counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Requests that an authorization let in.
    InboundHttpAllowed,
    /// Requests that no authorization let in.
    InboundHttpDenied,
    /// Connections that an authorization let in.
    InboundTcpAllowed,
    /// Connections that no authorization let in.
    InboundTcpDenied,
    /// Connections closed because policy changed.
    InboundTcpTerminated,
    /// Requests that this proxy answered with an error, on their way to the program.
    InboundHttpErrors,
    /// Connections to the program that ended by an error.
    InboundTcpErrors,
    /// Requests of the program that this proxy answered with an error.
    OutboundHttpErrors,
    /// Connections of the program that ended by an error.
    OutboundTcpErrors,
    /// Requests that no route takes.
    InboundHttpRouteNotFound,
    /// Requests beyond the rate that policy gives them.
    InboundHttpRateLimited,
    /// Connections that another proxy made directly, with a header.
    InboundTransportHeader,
    /// Connections of the program, by what policy says that they speak.
    OutboundTcpProtocol,
    /// Connections of the program on a route for bytes.
    OutboundTcpRouteOpen,
    /// Those of them that are over.
    OutboundTcpRouteClose,
    /// Connections of programs' own TLS on a route by its server name.
    OutboundTlsRouteOpen,
    /// Those of them that are over.
    OutboundTlsRouteClose,
    /// Lines of the access log that were dropped.
    AccessLogDropped,
}

/// In the order of `Family`.
pub(crate) const FAMILIES: [(&str, &str); 18] = [
    ("inbound_http_authz_allow_total", "Requests that an authorization let in"),
    ("inbound_http_authz_deny_total", "Requests that no authorization let in"),
    ("inbound_tcp_authz_allow_total", "Connections that an authorization let in"),
    ("inbound_tcp_authz_deny_total", "Connections that no authorization let in"),
    ("inbound_tcp_authz_terminate_total", "Connections closed because policy changed"),
    ("inbound_http_errors_total", "Requests to the program that the proxy answered with an error"),
    ("inbound_tcp_errors_total", "Connections to the program that ended by an error"),
    ("outbound_http_errors_total", "Requests of the program that the proxy answered with an error"),
    ("outbound_tcp_errors_total", "Connections of the program that ended by an error"),
    ("inbound_http_route_not_found_total", "Requests that no route takes"),
    ("inbound_http_local_ratelimit_total", "Requests beyond the rate that policy gives them"),
    ("inbound_tcp_transport_header_connections_total", "Connections with a transport header"),
    ("outbound_tcp_protocol_connections_total", "Connections by what policy says that they speak"),
    ("outbound_tcp_route_open_total", "Connections of the program that took a route for bytes"),
    ("outbound_tcp_route_close_total", "Connections on a route for bytes that are over"),
    ("outbound_tls_route_open_total", "Connections of TLS that took a route by its server name"),
    ("outbound_tls_route_close_total", "Connections on a route for TLS that are over"),
    ("hauberk_access_log_dropped_total", "Lines of the access log that its reader was too slow for"),
];
