"""HTTPRoutes and GRPCRoutes → hosts, matches and filters, the same for both directions. Pure."""

from typing import Literal

from hauberk.model import grpcroute as grpc
from hauberk.model import httproute as http
from hauberk.model.route import HeaderFilter, HeaderMatch
from hauberk.policy.routing import (
    EVERY_PATH,
    CallMatch,
    Fail,
    Filter,
    Host,
    Match,
    ModifyHeaders,
    Redirect,
    RequestMatch,
    Resource,
)

DEFAULT_REDIRECT_STATUS = 302
"""Gateway API, HTTPRequestRedirectFilter.statusCode."""

_PATHS: dict[str, Literal["exact", "prefix", "regex"]] = {
    "Exact": "exact",
    "PathPrefix": "prefix",
    "RegularExpression": "regex",
}


def meta_of(route: http.HTTPRoute | grpc.GRPCRoute) -> Resource:
    return Resource(route.group, route.kind, namespace=route.metadata.namespace, name=route.metadata.name)


def hosts_of(route: http.HTTPRoute | grpc.GRPCRoute) -> tuple[Host, ...]:
    return tuple(Host(name.removeprefix("*.").lower(), suffix=name.startswith("*.")) for name in route.spec.hostnames)


def requests_of(rule: http.HTTPRouteRule) -> tuple[RequestMatch, ...]:
    """Without matches a rule means every path (Gateway API, HTTPRouteRule.matches)."""
    return tuple(map(_request, rule.matches)) or (EVERY_PATH,)


def calls_of(rule: grpc.GRPCRouteRule) -> tuple[CallMatch, ...]:
    """Without matches a rule means every call (Gateway API, GRPCRouteRule.matches)."""
    return tuple(map(_call, rule.matches)) or (CallMatch(),)


def calls_as_requests(rule: grpc.GRPCRouteRule) -> tuple[RequestMatch, ...]:
    """The same where calls are read as requests of HTTP/2 (gRPC over HTTP/2, Path → "/" Service-Name "/" Method)."""
    return tuple(map(_as_request, calls_of(rule)))


def filters_of(filters: tuple[http.HTTPRouteFilter | grpc.GRPCRouteFilter, ...]) -> tuple[Filter, ...]:
    return tuple(map(_filter, filters))


def _request(match: http.HTTPRouteMatch) -> RequestMatch:
    return RequestMatch(
        path=Match(_PATHS[match.path.type], match.path.value) if match.path is not None else None,
        headers=_headers(match.headers),
        query=tuple((param.name, _value(param)) for param in match.query_params),
        method=match.method or "",
    )


def _call(match: grpc.GRPCRouteMatch) -> CallMatch:
    of = match.method
    service, method = (of.service or "", of.method or "") if of is not None else ("", "")
    return CallMatch(service=service, method=method, headers=_headers(match.headers))


def _as_request(call: CallMatch) -> RequestMatch:
    return RequestMatch(path=_path_of(call), headers=call.headers, method="POST")


def _path_of(call: CallMatch) -> Match:
    if call.service and call.method:
        return Match("exact", f"/{call.service}/{call.method}")
    if call.service:
        return Match("prefix", f"/{call.service}/")
    return Match("regex", f"/[^/]+/{call.method}") if call.method else Match("prefix", "/")


def _headers(headers: tuple[HeaderMatch, ...]) -> tuple[tuple[str, Match], ...]:
    return tuple((header.name.lower(), _value(header)) for header in headers)


def _value(of: HeaderMatch) -> Match:
    return Match("regex" if of.type == "RegularExpression" else "exact", of.value)


def _filter(of: http.HTTPRouteFilter | grpc.GRPCRouteFilter) -> Filter:
    if of.request_header_modifier is not None:
        return _modify("request", of.request_header_modifier)
    if of.response_header_modifier is not None:
        return _modify("response", of.response_header_modifier)
    if isinstance(of, http.HTTPRouteFilter) and of.request_redirect is not None:
        return _redirect(of.request_redirect)
    # Admission refuses such filters by name; if one is met all the same, leaving it out could mean less than it says.
    return Fail(500, f"the filter {of.type} is not supported")


def _modify(of: Literal["request", "response"], headers: HeaderFilter) -> ModifyHeaders:
    return ModifyHeaders(
        of=of,
        put=tuple((header.name, header.value) for header in headers.set),
        add=tuple((header.name, header.value) for header in headers.add),
        remove=tuple(headers.remove),
    )


def _redirect(redirect: http.HTTPRequestRedirectFilter) -> Redirect:
    path = None
    if redirect.path is not None and redirect.path.replace_full_path is not None:
        path = Match("exact", redirect.path.replace_full_path)
    elif redirect.path is not None:
        path = Match("prefix", redirect.path.replace_prefix_match or "/")
    return Redirect(
        status=redirect.status_code or DEFAULT_REDIRECT_STATUS,
        scheme=redirect.scheme or "",
        host=redirect.hostname or "",
        port=redirect.port or 0,
        path=path,
    )
