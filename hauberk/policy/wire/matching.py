"""How requests and calls are recognised, and what is done with them → `…http_route` and `…grpc_route`."""

from collections.abc import Iterable

from hauberk._api.linkerd import grpc_route_pb2, http_route_pb2, http_types_pb2
from hauberk.policy.routing import CallMatch, Fail, Host, Match, ModifyHeaders, Redirect, RequestMatch

UNAVAILABLE = 14
"""Of gRPC's codes: what a call meets that leads nowhere (Gateway API, GRPCBackendRef)."""

_METHODS = frozenset(http_types_pb2.HttpMethod.Registered.keys())
_SCHEMES = frozenset(http_types_pb2.Scheme.Registered.keys())
_ALWAYS = http_route_pb2.Ratio(numerator=1, denominator=1)


def requests(matches: Iterable[RequestMatch | CallMatch]) -> list[http_route_pb2.HttpRouteMatch]:
    return [_request(match) for match in matches if isinstance(match, RequestMatch)]


def calls(matches: Iterable[RequestMatch | CallMatch]) -> list[grpc_route_pb2.GrpcRouteMatch]:
    return [_call(match) for match in matches if isinstance(match, CallMatch)]


def host(of: Host) -> http_route_pb2.HostMatch:
    if of.suffix:
        labels = of.name.split(".")[::-1]
        return http_route_pb2.HostMatch(suffix=http_route_pb2.HostMatch.Suffix(reverse_labels=labels))
    return http_route_pb2.HostMatch(exact=of.name)


def request_headers(of: ModifyHeaders) -> http_route_pb2.RequestHeaderModifier:
    return http_route_pb2.RequestHeaderModifier(add=_headers(of.add), set=_headers(of.put), remove=of.remove)


def response_headers(of: ModifyHeaders) -> http_route_pb2.ResponseHeaderModifier:
    return http_route_pb2.ResponseHeaderModifier(add=_headers(of.add), set=_headers(of.put), remove=of.remove)


def redirect(of: Redirect) -> http_route_pb2.RequestRedirect:
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


def failure(of: Fail) -> http_route_pb2.HttpFailureInjector:
    return http_route_pb2.HttpFailureInjector(status=of.status, message=of.message, ratio=_ALWAYS)


def failed_call(message: str) -> grpc_route_pb2.GrpcFailureInjector:
    return grpc_route_pb2.GrpcFailureInjector(code=UNAVAILABLE, message=message, ratio=_ALWAYS)


def _request(of: RequestMatch) -> http_route_pb2.HttpRouteMatch:
    message = http_route_pb2.HttpRouteMatch(
        headers=_header_matches(of.headers),
        query_params=[http_route_pb2.QueryParamMatch(name=name, **{m.how: m.value}) for name, m in of.query],
    )
    if of.path is not None:
        message.path.CopyFrom(http_route_pb2.PathMatch(**{of.path.how: of.path.value}))
    if of.method in _METHODS:
        message.method.CopyFrom(http_types_pb2.HttpMethod(registered=of.method))
    elif of.method:
        message.method.unregistered = of.method
    return message


def _call(of: CallMatch) -> grpc_route_pb2.GrpcRouteMatch:
    # Another make of proxy takes no match without an `rpc`, empty as it may be.
    rpc = grpc_route_pb2.RpcMatch(service=of.service, method=of.method)
    return grpc_route_pb2.GrpcRouteMatch(rpc=rpc, headers=_header_matches(of.headers))


def _header_matches(headers: Iterable[tuple[str, Match]]) -> list[http_route_pb2.HeaderMatch]:
    return [_header_match(name, match) for name, match in headers]


def _header_match(name: str, match: Match) -> http_route_pb2.HeaderMatch:
    if match.how == "regex":
        return http_route_pb2.HeaderMatch(name=name, regex=match.value)
    return http_route_pb2.HeaderMatch(name=name, exact=match.value.encode())


def _headers(pairs: Iterable[tuple[str, str]]) -> http_types_pb2.Headers:
    return http_types_pb2.Headers(
        headers=[http_types_pb2.Headers.Header(name=name, value=value.encode()) for name, value in pairs]
    )
