"""The rules of HTTPRoutes: the Gateway API's, Linkerd's, and which parts are honoured. Pure."""

import re

from hauberk.model import names
from hauberk.model.duration import milliseconds
from hauberk.model.filter_rules import http_filters
from hauberk.model.httproute import HTTPPathMatch, HTTPRoute, HTTPRouteMatch, HTTPRouteRule, HTTPRouteTimeouts
from hauberk.model.problem import Problem, Problems
from hauberk.model.route_rules import backends, bounded, conditions, frame, parents, pattern, to_server, weights

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")

_UNCLEAN = ("//", "/./", "/../", "%2f", "%2F")
_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*")
"""What a path consists of (RFC 3986, 3.3): others never match, a query least of all."""


def http_route(route: HTTPRoute) -> Problems:
    yield from parents(route)
    yield from http_content(route)
    for index, rule in enumerate(route.spec.rules):
        yield from backends(f"spec.rules[{index}]", rule.backend_refs)
        if to_server(route) and rule.backend_refs:
            where = f"spec.rules[{index}].backendRefs"
            yield Problem(where, "a route of a Server has no backends", "make a route of the Service")


def http_content(route: HTTPRoute) -> Problems:
    """Everything but to what the route is attached, and where it leads."""
    yield from frame(route)
    inbound = to_server(route)
    for index, rule in enumerate(route.spec.rules):
        yield from _rule(f"spec.rules[{index}]", rule, inbound=inbound)


def _rule(field: str, rule: HTTPRouteRule, *, inbound: bool) -> Problems:
    yield from bounded(field, "matches", rule.matches)
    yield from bounded(field, "backendRefs", rule.backend_refs)
    for index, match in enumerate(rule.matches):
        yield from http_match(f"{field}.matches[{index}]", match)
    yield from http_filters(field, rule, inbound=inbound)
    yield from weights(field, rule.backend_refs)
    if rule.timeouts is not None and inbound:
        yield names.not_yet(f"{field}.timeouts", "a limit of a Server", "make a route of the Service")
    elif rule.timeouts is not None:
        yield from _timeouts(f"{field}.timeouts", rule.timeouts)


def http_match(field: str, match: HTTPRouteMatch) -> Problems:
    if match.path is not None:
        yield from _path(f"{field}.path", match.path)
    if match.method is not None:
        yield from names.one_of(f"{field}.method", match.method, METHODS)
    yield from conditions(field, "headers", match.headers)
    yield from conditions(field, "queryParams", match.query_params)


def _path(field: str, path: HTTPPathMatch) -> Problems:
    yield from names.one_of(f"{field}.type", path.type, ("Exact", "PathPrefix", "RegularExpression"))
    if path.type == "RegularExpression":
        yield from pattern(f"{field}.value", path.value)
    else:
        yield from _clean_path(f"{field}.value", path.value)


def _clean_path(field: str, text: str) -> Problems:
    """An absolute path that no proxy would rewrite (Gateway API, HTTPPathMatch)."""
    if not text.startswith("/"):
        yield Problem(field, f"{text!r} is not absolute: begin it with /")
    elif len(text) > 1024 or any(part in text for part in _UNCLEAN) or text.endswith(("/.", "/..")):
        yield Problem(field, f"{text!r} is not a clean path: without //, /., /.. and %2F, at most 1024 characters")
    elif _PATH.fullmatch(text) is None:
        yield Problem(field, f"{text!r} has characters that no path has: no query, no #, others as %41")


def _timeouts(field: str, timeouts: HTTPRouteTimeouts) -> Problems:
    limits: list[int] = []
    for key, text in (("request", timeouts.request), ("backendRequest", timeouts.backend_request)):
        limit = milliseconds(text) if text is not None else 0
        if limit is None:
            yield Problem(f"{field}.{key}", f"{text!r} is not a duration such as 500ms or 1m30s")
            return
        limits.append(limit)
    request, backend_request = limits
    if request and backend_request > request:
        yield Problem(f"{field}.backendRequest", "is longer than the whole request may take")
