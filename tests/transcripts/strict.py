"""What another implementation's proxy requires of each message: a message that breaks a rule makes it refuse
connections, answer 500, fall back to plain text, or panic. Every message that our servers can send must pass.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from google.protobuf.message import Message

from hauberk._api.linkerd import destination_pb2, inbound_pb2, outbound_pb2
from hauberk.catalog.names import parse_authority


def check(message: Message) -> None:
    """Fails with every broken rule of the message."""
    rules = {
        destination_pb2.Update: _update,
        destination_pb2.DestinationProfile: _profile,
        inbound_pb2.Server: _server,
        outbound_pb2.OutboundPolicy: _outbound,
    }
    broken = list(rules[type(message)](message))
    assert not broken, "\n".join([*broken, str(message)])


def _update(update: destination_pb2.Update) -> Iterator[str]:
    kind = update.WhichOneof("update")
    if kind is None:
        yield "an Update without a kind is ignored"
    if kind == "add" and not update.add.addrs:
        yield "an Add without addresses is ignored"
    if kind == "remove" and not update.remove.addrs:
        yield "a Remove without addresses is ignored"
    for weighted in update.add.addrs:
        yield from _weighted(weighted)
    for address in update.remove.addrs:
        yield from _tcp(address)


def _profile(profile: destination_pb2.DestinationProfile) -> Iterator[str]:
    known = bool(profile.fully_qualified_name) or profile.HasField("endpoint")
    if known and not profile.HasField("retry_budget"):
        yield "a profile without a retry budget"
    if profile.HasField("retry_budget") and not profile.retry_budget.HasField("ttl"):
        yield "a retry budget without a ttl is invalid"
    if profile.HasField("endpoint"):
        yield from _weighted(profile.endpoint)
        if profile.fully_qualified_name:
            yield "a profile of an endpoint with the name of a Service"


def _weighted(weighted: destination_pb2.WeightedAddr) -> Iterator[str]:
    yield from _tcp(weighted.addr)
    if weighted.HasField("tls_identity"):
        yield from _identity(weighted.tls_identity)
    hint = weighted.protocol_hint
    if weighted.HasField("protocol_hint") and hint.WhichOneof("protocol") is None:
        yield "a protocol hint without a protocol"
    if hint.WhichOneof("protocol") == "h2" and not weighted.HasField("tls_identity"):
        yield "an HTTP/2 hint for an endpoint that has no proxy"
    if hint.HasField("opaque_transport"):
        if not 1 <= hint.opaque_transport.inbound_port <= 65535:
            yield "an opaque transport without a port"
        if not weighted.HasField("tls_identity"):
            yield "an opaque transport for an endpoint without identity"


def _identity(identity: destination_pb2.TlsIdentity) -> Iterator[str]:
    if identity.WhichOneof("strategy") is None:
        yield "an identity without a strategy is dropped: plain text"
    if not identity.server_name.name:
        yield "an identity without a server name"
    if identity.WhichOneof("strategy") == "dns_like_identity":
        name = identity.dns_like_identity.name
        if not name or name.endswith(".") or name != name.lower():
            yield f"identity {name!r} does not parse and is dropped: plain text"
        if name != identity.server_name.name:
            yield "identity and server name differ"


def _tcp(address: Any) -> Iterator[str]:
    if address.ip.WhichOneof("ip") is None:
        yield "an address without an IP"
    if not 1 <= address.port <= 65535:
        yield f"port {address.port}: another make of proxy panics on 0"


def _server(server: inbound_pb2.Server) -> Iterator[str]:
    kind = server.protocol.WhichOneof("kind")
    if kind is None:
        yield "a Server without a protocol is invalid"
    if not server.labels.get("name"):
        yield "a Server without the label `name` is invalid"
    if "group" not in server.labels or not server.labels.get("kind"):
        yield "a Server without the labels `group` and `kind`"
    for authz in server.authorizations:
        yield from _authz(authz)
    if kind == "detect" and not server.protocol.detect.HasField("timeout"):
        yield "Detect without a timeout is invalid"
    if kind == "detect":
        yield from _inbound_routes(server.protocol.detect.http_routes, grpc=False)
        yield from _rate_limit(server.protocol.detect.http_local_rate_limit)
    elif kind in ("http1", "http2", "grpc"):
        yield from _inbound_routes(getattr(server.protocol, kind).routes, grpc=kind == "grpc")
    if kind in ("http1", "http2"):
        yield from _rate_limit(getattr(server.protocol, kind).local_rate_limit)


def _rate_limit(limit: inbound_pb2.HttpLocalRateLimit) -> Iterator[str]:
    if limit.ByteSize():
        yield from _meta(limit.metadata, "a rate limit")
    for override in limit.overrides:
        if not override.limit.requestsPerSecond:
            yield "an override without a rate is dropped: its clients get the limit of each identity"
        if not all(identity.name for identity in override.clients.identities) or not override.clients.identities:
            yield "an override without a client"


def _inbound_routes(routes: Any, *, grpc: bool) -> Iterator[str]:
    for route in routes:
        yield from _meta(route.metadata, "an inbound route")
        yield from _hosts(route.hosts)
        for authz in route.authorizations:
            yield from _authz(authz)
        for rule in route.rules:
            yield from _calls(rule.matches) if grpc else _matches(rule.matches)
            yield from _filters(rule.filters, grpc=grpc)


def _authz(authz: inbound_pb2.Authz) -> Iterator[str]:
    yield from _meta(authz.metadata, "an authorization")
    if not authz.networks:
        yield "an authorization without networks is invalid"
    for network in authz.networks:
        for net in (network.net, *getattr(network, "except")):
            bits = {"ipv4": 32, "ipv6": 128}.get(net.ip.WhichOneof("ip") or "")
            if bits is None or net.prefix_len > bits:
                yield "a network that does not parse"
    permit = authz.authentication.WhichOneof("permit")
    if permit is None:
        yield "an authorization without authentication is invalid"
    if permit == "mesh_tls" and authz.authentication.mesh_tls.WhichOneof("clients") is None:
        yield "mesh TLS without clients is invalid"


def _outbound(policy: outbound_pb2.OutboundPolicy) -> Iterator[str]:
    yield from _meta(policy.metadata, "a policy")
    kind = policy.protocol.WhichOneof("kind")
    if kind is None:
        yield "a policy without a protocol is invalid"
    if kind == "detect":
        detect = policy.protocol.detect
        yield from (f"Detect without {f}" for f in ("timeout", "opaque", "http1", "http2") if not detect.HasField(f))
        yield from _http_routes(detect.http1.routes)
        yield from _http_routes(detect.http2.routes)
        yield from _opaque_routes(detect.opaque.routes)
    elif kind in ("http1", "http2", "grpc"):
        yield from _http_routes(getattr(policy.protocol, kind).routes, grpc=kind == "grpc")
    elif kind == "opaque":
        yield from _opaque_routes(policy.protocol.opaque.routes)


def _http_routes(routes: Any, *, grpc: bool = False) -> Iterator[str]:
    if not routes:
        yield "HTTP without routes answers 404 to everything"
    for route in routes:
        yield from _meta(route.metadata, "a route")
        yield from _hosts(route.hosts)
        if not route.rules:
            yield "a route without rules"
        for rule in route.rules:
            yield from _calls(rule.matches) if grpc else _matches(rule.matches)
            yield from _filters(rule.filters, grpc=grpc)
            yield from _distribution(rule.backends, grpc=grpc)
            if (
                rule.HasField("timeouts")
                and rule.timeouts.HasField("request")
                and not rule.timeouts.request.ToNanoseconds()
            ):
                yield "a timeout of 0 means at once, not never"


def _opaque_routes(routes: Any) -> Iterator[str]:
    if len(routes) != 1:
        yield f"{len(routes)} opaque routes: the first one alone counts, none is an error"
    for route in routes:
        yield from _meta(route.metadata, "an opaque route")
        if len(route.rules) != 1:
            yield "an opaque route has exactly one rule"
        for rule in route.rules:
            yield from _distribution(rule.backends)
            if rule.backends.WhichOneof("kind") == "empty" and not rule.filters:
                yield "an empty distribution without a filter waits for ever"


def _distribution(distribution: Any, *, grpc: bool = False) -> Iterator[str]:
    kind = distribution.WhichOneof("kind")
    if kind is None:
        yield "a distribution without a kind is invalid"
        return
    if kind == "empty":
        return
    listed = getattr(distribution, kind).backends
    if not listed:
        yield f"{kind} without backends is invalid"
    if kind == "random_available":
        if any(not backend.weight for backend in listed):
            yield "a backend of weight 0: another make of proxy panics if there are only such"
        listed = [backend.backend for backend in listed]
    for route_backend in listed:
        yield from _backend(route_backend.backend, getattr(route_backend, "filters", ()), grpc=grpc)


def _backend(backend: outbound_pb2.Backend, filters: Any, *, grpc: bool) -> Iterator[str]:
    yield from _meta(backend.metadata, "a backend")
    if not backend.HasField("queue") or not backend.queue.HasField("failfast_timeout") or not backend.queue.capacity:
        yield "a backend without a queue is invalid"
    kind = backend.WhichOneof("kind")
    if kind == "balancer":
        path = backend.balancer.discovery.dst.path
        authority = parse_authority(path)
        if authority is None or ":" not in path or _is_ip(authority.host):
            yield f"balancer path {path!r} is not NAME:PORT: another make of proxy panics"
        load = backend.balancer.peak_ewma
        if backend.balancer.WhichOneof("load") is None or not (load.HasField("default_rtt") and load.HasField("decay")):
            yield "a balancer without a load measure is invalid"
    elif kind == "forward":
        yield from _weighted(backend.forward)
    elif not any(f.WhichOneof("kind") == "failure_injector" for f in filters):
        yield "a backend without a kind answers 502"
    yield from _filters(filters, grpc=grpc)


def _meta(metadata: Any, what: str) -> Iterator[str]:
    kind = metadata.WhichOneof("kind")
    if kind is None:
        yield f"{what} without metadata is invalid"
    elif kind == "default" and not metadata.default:
        yield f"{what} whose metadata is a default without a name"
    elif kind == "resource":
        missing = [f for f in ("group", "kind", "name", "namespace") if not getattr(metadata.resource, f)]
        yield from (f"{what} whose metadata has no {field}" for field in missing)


def _hosts(hosts: Any) -> Iterator[str]:
    for host in hosts:
        if not host.exact and not host.suffix.reverse_labels:
            yield "a host match that matches nothing"


def _matches(matches: Any) -> Iterator[str]:
    for match in matches:
        if match.HasField("path"):
            kind = match.path.WhichOneof("kind")
            if kind is None or (kind != "regex" and not getattr(match.path, kind).startswith("/")):
                yield "a path match that is not absolute is invalid"
        for of in (*match.headers, *match.query_params):
            if not of.name or of.WhichOneof("value") is None:
                yield "a header or query match without a name or value is invalid"
        if match.HasField("method") and match.method.WhichOneof("type") is None:
            yield "a method without a type is invalid"


def _calls(matches: Any) -> Iterator[str]:
    for match in matches:
        if not match.HasField("rpc"):
            yield "a match of calls without an RPC is invalid"
        for of in match.headers:
            if not of.name or of.WhichOneof("value") is None:
                yield "a header match without a name or value is invalid"


def _filters(filters: Any, *, grpc: bool) -> Iterator[str]:
    for of in filters:
        kind = of.WhichOneof("kind")
        if kind is None:
            yield "a filter without a kind is invalid"
        if kind == "failure_injector" and grpc:
            if not (1 <= of.failure_injector.code <= 16 and of.failure_injector.ratio.denominator):
                yield "a failure of a call without a code or ratio is invalid"
        elif kind == "failure_injector" and not (
            100 <= of.failure_injector.status <= 599 and of.failure_injector.ratio.denominator
        ):
            yield "a failure injector without a status or ratio is invalid"
        if kind == "redirect" and not 300 <= of.redirect.status <= 399:
            yield "a redirect without a status"


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
