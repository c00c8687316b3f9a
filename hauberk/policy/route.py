"""HTTPRoutes → hosts, matches and filters, the same for both directions. Pure."""

from typing import Literal

from hauberk.model import httproute as model
from hauberk.policy.routing import (
    EVERY_PATH,
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


def meta_of(route: model.HTTPRoute) -> Resource:
    group = route.api_version.partition("/")[0]
    return Resource(group=group, kind="HTTPRoute", namespace=route.metadata.namespace, name=route.metadata.name)


def hosts_of(route: model.HTTPRoute) -> tuple[Host, ...]:
    return tuple(Host(name.removeprefix("*.").lower(), suffix=name.startswith("*.")) for name in route.spec.hostnames)


def matches_of(rule: model.HTTPRouteRule) -> tuple[RequestMatch, ...]:
    """Without matches a rule means every path (Gateway API, HTTPRouteRule.matches)."""
    return tuple(map(_match, rule.matches)) or (EVERY_PATH,)


def filters_of(filters: tuple[model.HTTPRouteFilter, ...]) -> tuple[Filter, ...]:
    return tuple(map(_filter, filters))


def _match(match: model.HTTPRouteMatch) -> RequestMatch:
    return RequestMatch(
        path=Match(_PATHS[match.path.type], match.path.value) if match.path is not None else None,
        headers=tuple((header.name.lower(), _value(header.type, header.value)) for header in match.headers),
        query=tuple((param.name, _value(param.type, param.value)) for param in match.query_params),
        method=match.method or "",
    )


def _value(kind: str, value: str) -> Match:
    return Match("regex" if kind == "RegularExpression" else "exact", value)


def _filter(of: model.HTTPRouteFilter) -> Filter:
    if of.request_header_modifier is not None:
        return _modify("request", of.request_header_modifier)
    if of.response_header_modifier is not None:
        return _modify("response", of.response_header_modifier)
    if of.request_redirect is not None:
        return _redirect(of.request_redirect)
    # Admission refuses such filters by name; if one is met all the same, leaving it out could mean less than it says.
    return Fail(500, f"the filter {of.type} is not supported")


def _modify(of: Literal["request", "response"], headers: model.HTTPHeaderFilter) -> ModifyHeaders:
    return ModifyHeaders(
        of=of,
        put=tuple((header.name, header.value) for header in headers.set),
        add=tuple((header.name, header.value) for header in headers.add),
        remove=tuple(headers.remove),
    )


def _redirect(redirect: model.HTTPRequestRedirectFilter) -> Redirect:
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
