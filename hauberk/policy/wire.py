"""Answers ↔ protobuf of `io.linkerd.proxy.inbound` and `…outbound`.

Whatever is built here satisfies the checks of other implementations' proxies: every duration is present, every
distribution has a kind, every backend a queue. The version is appended to an encoded body (concatenated protobuf
messages are one message), so that a body is encoded once for all streams.
"""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import assert_never

from google.protobuf.message import DecodeError

from hauberk._api.hauberk import view_pb2
from hauberk._api.linkerd import (
    destination_pb2,
    http_route_pb2,
    http_types_pb2,
    inbound_pb2,
    meta_pb2,
    net_pb2,
    opaque_route_pb2,
)
from hauberk._api.linkerd import outbound_pb2 as out
from hauberk.catalog.names import Authority, parse_authority
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Version
from hauberk.policy.inbound_policy import (
    Authorization,
    Identities,
    InboundRoute,
    RateLimit,
    ServerPolicy,
    Unauthenticated,
)
from hauberk.policy.outbound_policy import (
    Backend,
    Balance,
    Forward,
    Nowhere,
    OpaqueRoute,
    OutboundPolicy,
    OutboundRoute,
    OutboundRule,
)
from hauberk.policy.routing import Default, Fail, Filter, Host, Match, Meta, ModifyHeaders, Redirect, RequestMatch

REQUEST_BYTES_MAX = 8192
"""Of a request: a name or address, and a token with two names in it."""

DETECT_TIMEOUT = timedelta(seconds=10)
QUEUE = out.Queue(capacity=100, failfast_timeout=timedelta(seconds=3))
PEAK_EWMA = out.Backend.BalanceP2c.PeakEwma(default_rtt=timedelta(milliseconds=30), decay=timedelta(seconds=10))
FORWARD_WEIGHT = 1


def read_port_spec(raw: bytes) -> tuple[str, int] | Refusal:
    """The workload, as it names itself, and the port."""
    if len(raw) > REQUEST_BYTES_MAX:
        return _too_long(raw)
    try:
        spec = inbound_pb2.PortSpec.FromString(raw)
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a PortSpec message")
    if not 1 <= spec.port <= 65535:
        return Refusal("invalid-argument", f"port {spec.port} is not within 1 to 65535")
    return spec.workload, spec.port


def read_traffic_spec(raw: bytes) -> tuple[str, Authority] | Refusal:
    """The workload that asks, as it names itself, and where its program wants to go."""
    if len(raw) > REQUEST_BYTES_MAX:
        return _too_long(raw)
    try:
        spec = out.TrafficSpec.FromString(raw)
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a TrafficSpec message")
    match spec.WhichOneof("target"):
        case "authority":
            authority = parse_authority(spec.authority)
            if authority is None:
                return Refusal("invalid-argument", f"authority {spec.authority!r} is not HOST:PORT")
            return spec.source_workload, authority
        case "addr":
            ip = _ip_of(spec.addr.ip)
            if ip is None or not 1 <= spec.addr.port <= 65535:
                return Refusal("invalid-argument", "addr has no IP address, or a port that is not within 1 to 65535")
            return spec.source_workload, Authority(host=str(ip), port=spec.addr.port)
        case _:
            return Refusal("invalid-argument", "the request has no target: set addr or authority")


def version_bytes(version: Version) -> bytes:
    """To be appended to the body of a `Server` or an `OutboundPolicy`."""
    return inbound_pb2.Server(
        version=view_pb2.Version(store=version.store, revision=version.revision)
    ).SerializeToString()


def server(policy: ServerPolicy) -> bytes:
    """The body of the inbound answer."""
    message = inbound_pb2.Server(authorizations=map(_authz, policy.authorizations), labels=_labels(policy.meta))
    routes = [_inbound_route(route) for route in policy.routes]
    match policy.protocol:
        case "detect":
            message.protocol.detect.timeout.FromTimedelta(DETECT_TIMEOUT)
            message.protocol.detect.http_routes.extend(routes)
            if policy.rate_limit is not None:
                message.protocol.detect.http_local_rate_limit.CopyFrom(_rate_limit(policy.rate_limit))
        case "http1":
            message.protocol.http1.routes.extend(routes)
            message.protocol.http1.SetInParent()
            if policy.rate_limit is not None:
                message.protocol.http1.local_rate_limit.CopyFrom(_rate_limit(policy.rate_limit))
        case "http2":
            message.protocol.http2.routes.extend(routes)
            message.protocol.http2.SetInParent()
            if policy.rate_limit is not None:
                message.protocol.http2.local_rate_limit.CopyFrom(_rate_limit(policy.rate_limit))
        case "grpc":
            message.protocol.grpc.SetInParent()
            message.protocol.grpc.routes.append(_EVERY_GRPC_ROUTE)
        case "opaque":
            message.protocol.opaque.SetInParent()
        case "tls":
            message.protocol.tls.SetInParent()
        case unknown:
            assert_never(unknown)
    return message.SerializeToString()


def outbound(policy: OutboundPolicy) -> bytes:
    """The body of the outbound answer."""
    message = out.OutboundPolicy(metadata=_meta(policy.meta))
    http = [_outbound_route(route) for route in policy.routes]
    opaque = out.ProxyProtocol.Opaque(routes=[_opaque_route(policy.opaque)] if policy.opaque is not None else [])
    match policy.protocol:
        case "detect":
            message.protocol.detect.CopyFrom(
                out.ProxyProtocol.Detect(
                    timeout=DETECT_TIMEOUT,
                    opaque=opaque,
                    http1=out.ProxyProtocol.Http1(routes=http),
                    http2=out.ProxyProtocol.Http2(routes=http),
                )
            )
        case "opaque":
            message.protocol.opaque.CopyFrom(opaque)
        case "http1":
            message.protocol.http1.CopyFrom(out.ProxyProtocol.Http1(routes=http))
        case "http2":
            message.protocol.http2.CopyFrom(out.ProxyProtocol.Http2(routes=http))
        case unknown:
            assert_never(unknown)
    return message.SerializeToString()


def _rate_limit(of: RateLimit) -> inbound_pb2.HttpLocalRateLimit:
    limit = inbound_pb2.HttpLocalRateLimit
    return limit(
        metadata=_meta(of.meta),
        total=limit.Limit(requestsPerSecond=of.total) if of.total is not None else None,
        identity=limit.Limit(requestsPerSecond=of.identity) if of.identity is not None else None,
        overrides=[
            limit.Override(
                limit=limit.Limit(requestsPerSecond=override.requests_per_second),
                clients=limit.Override.ClientIdentities(
                    identities=[inbound_pb2.Identity(name=name) for name in override.names]
                ),
            )
            for override in of.overrides
        ],
    )


def _inbound_route(route: InboundRoute) -> inbound_pb2.HttpRoute:
    return inbound_pb2.HttpRoute(
        metadata=_meta(route.meta),
        hosts=map(_host, route.hosts),
        authorizations=map(_authz, route.authorizations),
        rules=[
            inbound_pb2.HttpRoute.Rule(
                matches=map(_request_match, rule.matches), filters=map(_inbound_filter, rule.filters)
            )
            for rule in route.rules
        ],
    )


def _authz(authorization: Authorization) -> inbound_pb2.Authz:
    return inbound_pb2.Authz(
        networks=[
            inbound_pb2.Network(net=_network(network.net), **{"except": map(_network, network.excepted)})
            for network in authorization.networks
        ],
        authentication=_authn(authorization.clients),
        labels=_labels(authorization.meta),
        metadata=_meta(authorization.meta),
    )


def _authn(clients: Unauthenticated | Identities) -> inbound_pb2.Authn:
    match clients:
        case Unauthenticated():
            return inbound_pb2.Authn(unauthenticated=inbound_pb2.Authn.PermitUnauthenticated())
        case Identities(names=names, suffixes=suffixes):
            permitted = inbound_pb2.Authn.PermitMeshTLS.PermitClientIdentities(
                identities=[inbound_pb2.Identity(name=name) for name in names],
                suffixes=[inbound_pb2.IdentitySuffix(parts=parts) for parts in suffixes],
            )
            return inbound_pb2.Authn(mesh_tls=inbound_pb2.Authn.PermitMeshTLS(identities=permitted))
        case unknown:
            assert_never(unknown)


def _inbound_filter(of: Filter) -> inbound_pb2.HttpRoute.Filter:
    match of:
        case Fail():
            return inbound_pb2.HttpRoute.Filter(failure_injector=_failure(of))
        case Redirect():
            return inbound_pb2.HttpRoute.Filter(redirect=_redirect(of))
        case ModifyHeaders():
            return inbound_pb2.HttpRoute.Filter(request_header_modifier=_request_headers(of))
        case unknown:
            assert_never(unknown)


def _outbound_route(route: OutboundRoute) -> out.HttpRoute:
    return out.HttpRoute(
        metadata=_meta(route.meta), hosts=map(_host, route.hosts), rules=[_outbound_rule(r) for r in route.rules]
    )


def _outbound_rule(rule: OutboundRule) -> out.HttpRoute.Rule:
    backends = [
        out.HttpRoute.RouteBackend(backend=_backend(b), filters=map(_outbound_filter, b.filters)) for b in rule.backends
    ]
    if rule.weighted:
        weights = [backend.weight for backend in rule.backends]
        distribution = out.HttpRoute.Distribution(
            random_available=out.HttpRoute.Distribution.RandomAvailable(
                backends=[
                    out.HttpRoute.WeightedRouteBackend(backend=backend, weight=weight)
                    for backend, weight in zip(backends, weights, strict=True)
                ]
            )
        )
    else:
        distribution = out.HttpRoute.Distribution(
            first_available=out.HttpRoute.Distribution.FirstAvailable(backends=backends)
        )
    message = out.HttpRoute.Rule(
        matches=map(_request_match, rule.matches), filters=map(_outbound_filter, rule.filters), backends=distribution
    )
    if rule.request_timeout_ms is not None:
        timeout = timedelta(milliseconds=rule.request_timeout_ms)
        message.timeouts.request.FromTimedelta(timeout)
        message.request_timeout.FromTimedelta(timeout)
    return message


def _outbound_filter(of: Filter) -> out.HttpRoute.Filter:
    match of:
        case Fail():
            return out.HttpRoute.Filter(failure_injector=_failure(of))
        case Redirect():
            return out.HttpRoute.Filter(redirect=_redirect(of))
        case ModifyHeaders(of="request"):
            return out.HttpRoute.Filter(request_header_modifier=_request_headers(of))
        case ModifyHeaders():
            return out.HttpRoute.Filter(
                response_header_modifier=http_route_pb2.ResponseHeaderModifier(
                    add=_headers(of.add), set=_headers(of.put), remove=of.remove
                )
            )
        case unknown:
            assert_never(unknown)


def _opaque_route(route: OpaqueRoute) -> out.OpaqueRoute:
    if route.backend is None:
        rule = out.OpaqueRoute.Rule(
            backends=out.OpaqueRoute.Distribution(empty=out.OpaqueRoute.Distribution.Empty()),
            filters=[out.OpaqueRoute.Filter(forbidden=_FORBIDDEN)],
        )
    else:
        backend = out.OpaqueRoute.RouteBackend(backend=_backend(route.backend))
        first = out.OpaqueRoute.Distribution.FirstAvailable(backends=[backend])
        rule = out.OpaqueRoute.Rule(backends=out.OpaqueRoute.Distribution(first_available=first))
    return out.OpaqueRoute(metadata=_meta(route.meta), rules=[rule])


def _backend(backend: Backend) -> out.Backend:
    message = out.Backend(metadata=_meta(backend.meta), queue=QUEUE)
    match backend.target:
        case Balance(path=path):
            discovery = out.Backend.EndpointDiscovery(dst=out.Backend.EndpointDiscovery.DestinationGet(path=path))
            message.balancer.CopyFrom(out.Backend.BalanceP2c(discovery=discovery, peak_ewma=PEAK_EWMA))
        case Forward(ip=ip, port=port):
            message.forward.CopyFrom(
                destination_pb2.WeightedAddr(
                    addr=net_pb2.TcpAddress(ip=_ip(ip_address(ip)), port=port), weight=FORWARD_WEIGHT
                )
            )
        case Nowhere():
            pass
        case unknown:
            assert_never(unknown)
    return message


def _request_match(of: RequestMatch) -> http_route_pb2.HttpRouteMatch:
    message = http_route_pb2.HttpRouteMatch(
        headers=[_header_match(name, match) for name, match in of.headers],
        query_params=[http_route_pb2.QueryParamMatch(name=name, **{m.how: m.value}) for name, m in of.query],
    )
    if of.path is not None:
        message.path.CopyFrom(http_route_pb2.PathMatch(**{of.path.how: of.path.value}))
    if of.method in _METHODS:
        message.method.CopyFrom(http_types_pb2.HttpMethod(registered=of.method))
    elif of.method:
        message.method.unregistered = of.method
    return message


def _header_match(name: str, match: Match) -> http_route_pb2.HeaderMatch:
    if match.how == "regex":
        return http_route_pb2.HeaderMatch(name=name, regex=match.value)
    return http_route_pb2.HeaderMatch(name=name, exact=match.value.encode())


def _request_headers(of: ModifyHeaders) -> http_route_pb2.RequestHeaderModifier:
    return http_route_pb2.RequestHeaderModifier(add=_headers(of.add), set=_headers(of.put), remove=of.remove)


def _headers(pairs: Iterable[tuple[str, str]]) -> http_types_pb2.Headers:
    return http_types_pb2.Headers(
        headers=[http_types_pb2.Headers.Header(name=name, value=value.encode()) for name, value in pairs]
    )


def _redirect(of: Redirect) -> http_route_pb2.RequestRedirect:
    message = http_route_pb2.RequestRedirect(host=of.host, port=of.port, status=of.status)
    if of.scheme.upper() in _SCHEMES:
        message.scheme.CopyFrom(http_types_pb2.Scheme(registered=of.scheme.upper()))
    elif of.scheme:
        message.scheme.unregistered = of.scheme
    if of.path is not None:
        if of.path.how == "prefix":
            message.path.prefix = of.path.value
        else:
            message.path.full = of.path.value
    return message


def _failure(of: Fail) -> http_route_pb2.HttpFailureInjector:
    always = http_route_pb2.Ratio(numerator=1, denominator=1)
    return http_route_pb2.HttpFailureInjector(status=of.status, message=of.message, ratio=always)


def _host(of: Host) -> http_route_pb2.HostMatch:
    if of.suffix:
        labels = of.name.split(".")[::-1]
        return http_route_pb2.HostMatch(suffix=http_route_pb2.HostMatch.Suffix(reverse_labels=labels))
    return http_route_pb2.HostMatch(exact=of.name)


def _meta(of: Meta) -> meta_pb2.Metadata:
    if isinstance(of, Default):
        return meta_pb2.Metadata(default=of.name)
    return meta_pb2.Metadata(
        resource=meta_pb2.Resource(group=of.group, kind=of.kind, name=of.name, namespace=of.namespace, port=of.port)
    )


def _labels(of: Meta) -> dict[str, str]:
    if isinstance(of, Default):
        return {"group": "", "kind": "default", "name": of.name}
    return {"group": of.group, "kind": of.kind, "name": of.name}


def _network(cidr: str) -> net_pb2.IPNetwork:
    network = ip_network(cidr, strict=False)
    return net_pb2.IPNetwork(ip=_ip(network.network_address), prefix_len=network.prefixlen)


def _ip(ip: IPv4Address | IPv6Address) -> net_pb2.IPAddress:
    if isinstance(ip, IPv4Address):
        return net_pb2.IPAddress(ipv4=int(ip))
    return net_pb2.IPAddress(ipv6=net_pb2.IPv6(first=int(ip) >> 64, last=int(ip) & (2**64 - 1)))


def _ip_of(message: net_pb2.IPAddress) -> IPv4Address | IPv6Address | None:
    match message.WhichOneof("ip"):
        case "ipv4":
            return IPv4Address(message.ipv4)
        case "ipv6":
            ipv6 = IPv6Address(message.ipv6.first << 64 | message.ipv6.last)
            return ipv6.ipv4_mapped or ipv6
        case _:
            return None


def _too_long(raw: bytes) -> Refusal:
    return Refusal("invalid-argument", f"the request has {len(raw)} bytes; at most {REQUEST_BYTES_MAX} make sense")


# Every gRPC call, for a Server of that protocol: routes of gRPC are not among the resources yet.
_EVERY_GRPC_ROUTE = inbound_pb2.GrpcRoute(
    metadata=meta_pb2.Metadata(default="default"), rules=[inbound_pb2.GrpcRoute.Rule(matches=[])]
)
_METHODS = frozenset(http_types_pb2.HttpMethod.Registered.keys())
_SCHEMES = frozenset(http_types_pb2.Scheme.Registered.keys())
_FORBIDDEN = opaque_route_pb2.Forbidden()
