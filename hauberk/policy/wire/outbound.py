"""The policy of a destination → `io.linkerd.proxy.outbound`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, assert_never

from hauberk._api.linkerd import opaque_route_pb2
from hauberk._api.linkerd import outbound_pb2 as out
from hauberk.policy.outbound_policy import Backend, OpaqueRoute, OutboundPolicy, OutboundRoute, OutboundRule
from hauberk.policy.routing import Fail, Filter, ModifyHeaders, Redirect
from hauberk.policy.wire import matching
from hauberk.policy.wire.backend import backend
from hauberk.policy.wire.meta import metadata

DETECT_TIMEOUT = timedelta(seconds=10)

_FORBIDDEN = opaque_route_pb2.Forbidden()


def outbound(policy: OutboundPolicy) -> bytes:
    """The body of the outbound answer."""
    message = out.OutboundPolicy(metadata=metadata(policy.meta))
    opaque = out.ProxyProtocol.Opaque(routes=[_opaque_route(policy.opaque)] if policy.opaque is not None else [])
    match policy.protocol:
        case "detect":
            http = [_http_route(route) for route in policy.routes]
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
            message.protocol.http1.CopyFrom(out.ProxyProtocol.Http1(routes=map(_http_route, policy.routes)))
        case "http2":
            message.protocol.http2.CopyFrom(out.ProxyProtocol.Http2(routes=map(_http_route, policy.routes)))
        case "grpc":
            message.protocol.grpc.CopyFrom(out.ProxyProtocol.Grpc(routes=map(_grpc_route, policy.routes)))
        case unknown:
            assert_never(unknown)
    return message.SerializeToString()


def _http_route(route: OutboundRoute) -> out.HttpRoute:
    hosts = map(matching.host, route.hosts)
    return out.HttpRoute(metadata=metadata(route.meta), hosts=hosts, rules=map(_http_rule, route.rules))


def _grpc_route(route: OutboundRoute) -> out.GrpcRoute:
    hosts = map(matching.host, route.hosts)
    return out.GrpcRoute(metadata=metadata(route.meta), hosts=hosts, rules=map(_grpc_rule, route.rules))


def _http_rule(rule: OutboundRule) -> out.HttpRoute.Rule:
    message = out.HttpRoute.Rule(
        matches=matching.requests(rule.matches),
        filters=map(_http_filter, rule.filters),
        backends=_distribution(out.HttpRoute, rule, _http_filter),
    )
    if rule.request_timeout_ms is not None:
        timeout = timedelta(milliseconds=rule.request_timeout_ms)
        message.timeouts.request.FromTimedelta(timeout)
        message.request_timeout.FromTimedelta(timeout)
    return message


def _grpc_rule(rule: OutboundRule) -> out.GrpcRoute.Rule:
    return out.GrpcRoute.Rule(
        matches=matching.calls(rule.matches),
        filters=map(_grpc_filter, rule.filters),
        backends=_distribution(out.GrpcRoute, rule, _grpc_filter),
    )


def _distribution(of: Any, rule: OutboundRule, shown: Callable[[Filter], Any]) -> Any:  # noqa: ANN401
    """The backends of a rule; `of` is the message of one kind of route, and both kinds have parts of the same names."""
    backends = [of.RouteBackend(backend=backend(own), filters=map(shown, own.filters)) for own in rule.backends]
    if not rule.weighted:
        return of.Distribution(first_available=of.Distribution.FirstAvailable(backends=backends))
    weighed = [
        of.WeightedRouteBackend(backend=message, weight=own.weight)
        for message, own in zip(backends, rule.backends, strict=True)
    ]
    return of.Distribution(random_available=of.Distribution.RandomAvailable(backends=weighed))


def _http_filter(of: Filter) -> out.HttpRoute.Filter:
    match of:
        case Fail():
            return out.HttpRoute.Filter(failure_injector=matching.failure(of))
        case Redirect():
            return out.HttpRoute.Filter(redirect=matching.redirect(of))
        case ModifyHeaders(of="request"):
            return out.HttpRoute.Filter(request_header_modifier=matching.request_headers(of))
        case ModifyHeaders():
            return out.HttpRoute.Filter(response_header_modifier=matching.response_headers(of))
        case unknown:
            assert_never(unknown)


def _grpc_filter(of: Filter) -> out.GrpcRoute.Filter:
    """What the contract cannot say of calls answers them with an error: such routes are not accepted."""
    match of:
        case Fail():
            return out.GrpcRoute.Filter(failure_injector=matching.failed_call(of.message))
        case ModifyHeaders(of="request"):
            return out.GrpcRoute.Filter(request_header_modifier=matching.request_headers(of))
        case Redirect() | ModifyHeaders():
            return out.GrpcRoute.Filter(failure_injector=matching.failed_call("a filter that is not for calls"))
        case unknown:
            assert_never(unknown)


def _opaque_route(route: OpaqueRoute) -> out.OpaqueRoute:
    if route.backend is None:
        rule = out.OpaqueRoute.Rule(
            backends=out.OpaqueRoute.Distribution(empty=out.OpaqueRoute.Distribution.Empty()),
            filters=[out.OpaqueRoute.Filter(forbidden=_FORBIDDEN)],
        )
    else:
        rule = out.OpaqueRoute.Rule(backends=_first(route.backend))
    return out.OpaqueRoute(metadata=metadata(route.meta), rules=[rule])


def _first(of: Backend) -> out.OpaqueRoute.Distribution:
    backends = [out.OpaqueRoute.RouteBackend(backend=backend(of))]
    return out.OpaqueRoute.Distribution(first_available=out.OpaqueRoute.Distribution.FirstAvailable(backends=backends))
