"""The policy of a port → `io.linkerd.proxy.inbound`."""

from datetime import timedelta
from typing import assert_never

from hauberk._api.linkerd import inbound_pb2
from hauberk.policy.inbound_policy import (
    Authorization,
    Identities,
    InboundRoute,
    RateLimit,
    ServerPolicy,
    Unauthenticated,
)
from hauberk.policy.routing import Fail, Filter, ModifyHeaders, Redirect
from hauberk.policy.wire import matching
from hauberk.policy.wire.meta import labels, metadata
from hauberk.policy.wire.net import network

DETECT_TIMEOUT = timedelta(seconds=10)


def server(policy: ServerPolicy) -> bytes:
    """The body of the inbound answer."""
    message = inbound_pb2.Server(authorizations=map(_authz, policy.authorizations), labels=labels(policy.meta))
    protocol = message.protocol
    match policy.protocol:
        case "detect":
            protocol.detect.timeout.FromTimedelta(DETECT_TIMEOUT)
            protocol.detect.http_routes.extend(map(_http_route, policy.routes))
            if policy.rate_limit is not None:
                protocol.detect.http_local_rate_limit.CopyFrom(_rate_limit(policy.rate_limit))
        case "http1" | "http2":
            of = protocol.http1 if policy.protocol == "http1" else protocol.http2
            of.SetInParent()
            of.routes.extend(map(_http_route, policy.routes))
            if policy.rate_limit is not None:
                of.local_rate_limit.CopyFrom(_rate_limit(policy.rate_limit))
        case "grpc":
            protocol.grpc.SetInParent()
            protocol.grpc.routes.extend(map(_grpc_route, policy.routes))
        case "opaque":
            protocol.opaque.SetInParent()
        case "tls":
            protocol.tls.SetInParent()
        case unknown:
            assert_never(unknown)
    return message.SerializeToString()


def _http_route(route: InboundRoute) -> inbound_pb2.HttpRoute:
    rules = [
        inbound_pb2.HttpRoute.Rule(matches=matching.requests(rule.matches), filters=map(_http_filter, rule.filters))
        for rule in route.rules
    ]
    return inbound_pb2.HttpRoute(
        metadata=metadata(route.meta),
        hosts=map(matching.host, route.hosts),
        authorizations=map(_authz, route.authorizations),
        rules=rules,
    )


def _grpc_route(route: InboundRoute) -> inbound_pb2.GrpcRoute:
    rules = [
        inbound_pb2.GrpcRoute.Rule(matches=matching.calls(rule.matches), filters=map(_grpc_filter, rule.filters))
        for rule in route.rules
    ]
    return inbound_pb2.GrpcRoute(
        metadata=metadata(route.meta),
        hosts=map(matching.host, route.hosts),
        authorizations=map(_authz, route.authorizations),
        rules=rules,
    )


def _http_filter(of: Filter) -> inbound_pb2.HttpRoute.Filter:
    match of:
        case Fail():
            return inbound_pb2.HttpRoute.Filter(failure_injector=matching.failure(of))
        case Redirect():
            return inbound_pb2.HttpRoute.Filter(redirect=matching.redirect(of))
        case ModifyHeaders():
            return inbound_pb2.HttpRoute.Filter(request_header_modifier=matching.request_headers(of))
        case unknown:
            assert_never(unknown)


def _grpc_filter(of: Filter) -> inbound_pb2.GrpcRoute.Filter:
    match of:
        case Fail():
            return inbound_pb2.GrpcRoute.Filter(failure_injector=matching.failed_call(of.message))
        case Redirect():
            return inbound_pb2.GrpcRoute.Filter(failure_injector=matching.failed_call("a call cannot be redirected"))
        case ModifyHeaders():
            return inbound_pb2.GrpcRoute.Filter(request_header_modifier=matching.request_headers(of))
        case unknown:
            assert_never(unknown)


def _authz(authorization: Authorization) -> inbound_pb2.Authz:
    return inbound_pb2.Authz(
        networks=[
            inbound_pb2.Network(net=network(of.net), **{"except": map(network, of.excepted)})
            for of in authorization.networks
        ],
        authentication=_authn(authorization.clients),
        labels=labels(authorization.meta),
        metadata=metadata(authorization.meta),
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


def _rate_limit(of: RateLimit) -> inbound_pb2.HttpLocalRateLimit:
    limit = inbound_pb2.HttpLocalRateLimit
    return limit(
        metadata=metadata(of.meta),
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
