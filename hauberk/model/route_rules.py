"""The rules of HTTPRoutes: the Gateway API's, Linkerd's, and which parts are honoured. Pure."""

import re
from ipaddress import ip_address

from hauberk.model import names, regex
from hauberk.model.filter_rules import rule_filters
from hauberk.model.httproute import (
    HTTPBackendRef,
    HTTPHeaderMatch,
    HTTPPathMatch,
    HTTPRoute,
    HTTPRouteMatch,
    HTTPRouteRule,
    ParentReference,
)
from hauberk.model.problem import Problem, Problems

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
"""A header's name (RFC 9110, 5.6.2)."""

_CORE = ("", "core")
_POLICY = "policy.linkerd.io"
_HOSTNAME = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_UNCLEAN = ("//", "/./", "/../", "%2f", "%2F")
_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*")
"""What a path consists of (RFC 3986, 3.3): others never match, a query least of all."""
_MAX = {
    "parentRefs": 32,
    "hostnames": 16,
    "rules": 16,
    "matches": 64,
    "headers": 16,
    "queryParams": 16,
    "backendRefs": 16,
}
"""The Gateway API's bounds."""
_VALUE_MAX = 4096
_SHOWN = 256
"""Characters of a pattern in an error."""
_WEIGHT_MAX = 1_000_000


def http_route(route: HTTPRoute) -> Problems:
    spec = route.spec
    if not spec.parent_refs:
        yield Problem("spec.parentRefs", "is required: a route without a parent routes nothing")
    yield from _bounded("spec", "parentRefs", spec.parent_refs)
    yield from _bounded("spec", "hostnames", spec.hostnames)
    yield from _bounded("spec", "rules", spec.rules)
    for index, parent in enumerate(spec.parent_refs):
        yield from _parent(f"spec.parentRefs[{index}]", parent, route)
    for index, hostname in enumerate(spec.hostnames):
        yield from _hostname(f"spec.hostnames[{index}]", hostname)
    to_server = any(parent.kind == "Server" for parent in spec.parent_refs)
    for index, rule in enumerate(spec.rules):
        yield from _rule(f"spec.rules[{index}]", rule, to_server=to_server)


def _parent(field: str, parent: ParentReference, route: HTTPRoute) -> Problems:
    match parent.kind:
        case "Service" if parent.group in _CORE:
            if parent.port is not None:
                yield from names.port(f"{field}.port", parent.port)
        case "Server" if parent.group == _POLICY:
            if parent.namespace not in (None, route.metadata.namespace):
                yield Problem(f"{field}.namespace", "a Server takes routes of its own namespace only")
            if parent.port is not None:
                yield Problem(f"{field}.port", "a Server has one port", "leave it out")
        case "Service" | "Server":
            right = "core" if parent.kind == "Service" else _POLICY
            yield Problem(f"{field}.group", f"{parent.group!r} does not have this kind", f"write {right}")
        case "Gateway" | "EgressNetwork":
            yield names.not_yet(f"{field}.kind", parent.kind, "honoured: Service (group core), Server")
        case _:
            yield from names.one_of(f"{field}.kind", parent.kind, ("Service", "Server"))
    if parent.section_name is not None:
        yield Problem(f"{field}.sectionName", f"a {parent.kind} has no sections", "leave it out")
    if parent.namespace is not None:
        yield from names.label(f"{field}.namespace", parent.namespace)
    yield from names.subdomain(f"{field}.name", parent.name)


def _hostname(field: str, text: str) -> Problems:
    if len(text) > 253 or _HOSTNAME.fullmatch(text) is None or max(map(len, text.split("."))) > 63:
        yield Problem(field, f"{text!r} is neither a host name nor *.SUFFIX")
        return
    try:
        ip_address(text)
    except ValueError:
        return
    yield Problem(field, f"{text!r} is an address, not a host name")


def _rule(field: str, rule: HTTPRouteRule, *, to_server: bool) -> Problems:
    yield from _bounded(field, "matches", rule.matches)
    yield from _bounded(field, "backendRefs", rule.backend_refs)
    for index, match in enumerate(rule.matches):
        yield from _match(f"{field}.matches[{index}]", match)
    yield from rule_filters(field, rule)
    if to_server and rule.backend_refs:
        yield Problem(f"{field}.backendRefs", "a route of a Server has no backends", "make a route of the Service")
    for index, backend in enumerate(rule.backend_refs):
        yield from _backend(f"{field}.backendRefs[{index}]", backend)
    if rule.timeouts is not None:
        yield Problem(f"{field}.timeouts", "is not honoured yet")


def _match(field: str, match: HTTPRouteMatch) -> Problems:
    if match.path is not None:
        yield from _path(f"{field}.path", match.path)
    if match.method is not None:
        yield from names.one_of(f"{field}.method", match.method, METHODS)
    for key, conditions in (("headers", match.headers), ("queryParams", match.query_params)):
        yield from _bounded(field, key, conditions)
        seen: set[str] = set()
        for index, condition in enumerate(conditions):
            yield from _condition(f"{field}.{key}[{index}]", condition)
            name = condition.name.lower() if key == "headers" else condition.name
            if name in seen:
                yield Problem(f"{field}.{key}[{index}].name", f"{condition.name!r} is there twice")
            seen.add(name)


def _path(field: str, path: HTTPPathMatch) -> Problems:
    yield from names.one_of(f"{field}.type", path.type, ("Exact", "PathPrefix", "RegularExpression"))
    if path.type == "RegularExpression":
        yield from _regex(f"{field}.value", path.value)
    else:
        yield from clean_path(f"{field}.value", path.value)


def clean_path(field: str, text: str) -> Problems:
    """An absolute path that no proxy would rewrite (Gateway API, HTTPPathMatch)."""
    if not text.startswith("/"):
        yield Problem(field, f"{text!r} is not absolute: begin it with /")
    elif len(text) > 1024 or any(part in text for part in _UNCLEAN) or text.endswith(("/.", "/..")):
        yield Problem(field, f"{text!r} is not a clean path: without //, /., /.. and %2F, at most 1024 characters")
    elif _PATH.fullmatch(text) is None:
        yield Problem(field, f"{text!r} has characters that no path has: no query, no #, others as %41")


def _condition(field: str, condition: HTTPHeaderMatch) -> Problems:
    yield from names.one_of(f"{field}.type", condition.type, ("Exact", "RegularExpression"))
    if TOKEN.fullmatch(condition.name) is None:
        yield Problem(f"{field}.name", f"{condition.name!r} is not a name of a header or parameter")
    if condition.type == "RegularExpression":
        yield from _regex(f"{field}.value", condition.value)
    elif not 1 <= len(condition.value) <= _VALUE_MAX:
        yield Problem(f"{field}.value", f"has to have 1 to {_VALUE_MAX} characters")


def _regex(field: str, text: str) -> Problems:
    try:
        regex.check(text)
    except regex.NotUnderstood as error:
        yield Problem(field, f"{text[:_SHOWN]!r} {error}")


def _backend(field: str, backend: HTTPBackendRef) -> Problems:
    if backend.kind == "EgressNetwork":
        yield names.not_yet(f"{field}.kind", backend.kind)
    elif backend.kind != "Service" or backend.group not in _CORE:
        yield Problem(f"{field}.kind", f"{backend.kind!r} of group {backend.group!r} is not a Service")
    if backend.port is None:
        yield Problem(f"{field}.port", "is required")
    else:
        yield from names.port(f"{field}.port", backend.port)
    if not 0 <= backend.weight <= _WEIGHT_MAX:
        yield Problem(f"{field}.weight", f"{backend.weight} is not between 0 and {_WEIGHT_MAX}")
    if backend.namespace is not None:
        yield from names.label(f"{field}.namespace", backend.namespace)
    if backend.filters:
        yield Problem(f"{field}.filters", "is not honoured yet", "put the filters on the rule")
    yield from names.subdomain(f"{field}.name", backend.name)


def _bounded(field: str, key: str, items: tuple[object, ...]) -> Problems:
    if len(items) > _MAX[key]:
        yield Problem(f"{field}.{key}", f"has {len(items)} entries; {_MAX[key]} are the most")
