"""The rules that routes of all kinds keep: parents, hosts, headers, backends, bounds. Pure."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from hauberk.model import names, regex
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httproute import HTTPRoute
from hauberk.model.problem import Problem, Problems
from hauberk.model.route import BackendReference, HeaderMatch, ParentReference

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
"""A header's name (RFC 9110, 5.6.2)."""

CORE = ("", "core")
POLICY = "policy.linkerd.io"
_HOSTNAME = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
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
_MATCHES_MAX = 128
"""Of all rules of a route together (Gateway API)."""
_VALUE_MAX = 4096
_SHOWN = 256
"""Characters of a pattern in an error."""
_WEIGHT_MAX = 1_000_000


def parents(route: HTTPRoute | GRPCRoute) -> Problems:
    """Check what the route is attached to, as far as the route itself says it."""
    references = route.spec.parent_refs
    if not references:
        yield Problem("spec.parentRefs", "is required: a route without a parent routes nothing")
    yield from bounded("spec", "parentRefs", references)
    for index, parent in enumerate(references):
        yield from _parent(f"spec.parentRefs[{index}]", parent, route)


def frame(route: HTTPRoute | GRPCRoute) -> Problems:
    """Check hosts, and how much there is of everything."""
    yield from bounded("spec", "hostnames", route.spec.hostnames)
    yield from bounded("spec", "rules", route.spec.rules)
    matches = sum(len(rule.matches) for rule in route.spec.rules)
    if matches > _MATCHES_MAX:
        yield Problem("spec.rules", f"have {matches} matches together; {_MATCHES_MAX} are the most")
    for index, hostname in enumerate(route.spec.hostnames):
        yield from _hostname(f"spec.hostnames[{index}]", hostname)
    seen: set[str] = set()
    for index, name in enumerate(rule.name for rule in route.spec.rules):
        if name is not None:
            yield from names.subdomain(f"spec.rules[{index}].name", name)
            if name in seen:
                yield Problem(f"spec.rules[{index}].name", f"{name!r} is there twice")
            seen.add(name)


def to_server(route: HTTPRoute | GRPCRoute) -> bool:
    """Whether the route is about requests that reach a Server."""
    return any(is_server(parent) for parent in route.spec.parent_refs)


def is_service(parent: ParentReference | BackendReference) -> bool:
    return parent.kind == "Service" and parent.group in CORE


def is_server(parent: ParentReference) -> bool:
    return parent.kind == "Server" and parent.group == POLICY


def backends(field: str, references: Iterable[BackendReference]) -> Problems:
    """Check that each backend can be one. Which of them exist is another question."""
    for index, reference in enumerate(references):
        yield from _backend(f"{field}.backendRefs[{index}]", reference)


def weights(field: str, references: Iterable[BackendReference]) -> Problems:
    for index, reference in enumerate(references):
        if not 0 <= reference.weight <= _WEIGHT_MAX:
            where = f"{field}.backendRefs[{index}].weight"
            yield Problem(where, f"{reference.weight} is not between 0 and {_WEIGHT_MAX}")


def conditions(field: str, key: str, of: tuple[HeaderMatch, ...]) -> Problems:
    """Check conditions on headers or query parameters (`key`)."""
    yield from bounded(field, key, of)
    seen: set[str] = set()
    for index, condition in enumerate(of):
        yield from _condition(f"{field}.{key}[{index}]", condition)
        name = condition.name.lower() if key == "headers" else condition.name
        if name in seen:
            yield Problem(f"{field}.{key}[{index}].name", f"{condition.name!r} is there twice")
        seen.add(name)


def pattern(field: str, text: str) -> Problems:
    try:
        regex.check(text)
    except regex.NotUnderstood as error:
        yield Problem(field, f"{text[:_SHOWN]!r} {error}")


def bounded(field: str, key: str, items: tuple[object, ...]) -> Problems:
    if len(items) > _MAX[key]:
        yield Problem(f"{field}.{key}", f"has {len(items)} entries; {_MAX[key]} are the most")


def _parent(field: str, parent: ParentReference, route: HTTPRoute | GRPCRoute) -> Problems:
    match parent.kind:
        case "Service" if is_service(parent):
            if parent.port is not None:
                yield from names.port(f"{field}.port", parent.port)
        case "Server" if is_server(parent):
            if parent.namespace not in (None, route.metadata.namespace):
                yield Problem(f"{field}.namespace", "a Server takes routes of its own namespace only")
            if parent.port is not None:
                yield Problem(f"{field}.port", "a Server has one port", "leave it out")
        case "Service" | "Server":
            right = "core" if parent.kind == "Service" else POLICY
            yield Problem(f"{field}.group", f"{parent.group!r} does not have this kind", f"write {right}")
        case "Gateway" | "EgressNetwork":
            yield names.not_yet(f"{field}.kind", parent.kind, "honoured: Service (group core), Server")
        case _:
            yield from names.one_of(f"{field}.kind", parent.kind, ("Service", "Server"))
    if parent.section_name is not None:
        yield from _section(f"{field}.sectionName", parent, parent.section_name)
    if parent.namespace is not None:
        yield from names.label(f"{field}.namespace", parent.namespace)
    yield from names.subdomain(f"{field}.name", parent.name)


def _section(field: str, parent: ParentReference, name: str) -> Problems:
    """Of a Service, the name of a port."""
    if is_service(parent):
        yield from names.label(field, name)
    else:
        yield Problem(field, f"a {parent.kind} has no sections", "leave it out")


def _hostname(field: str, text: str) -> Problems:
    if len(text) > 253 or _HOSTNAME.fullmatch(text) is None or max(map(len, text.split("."))) > 63:
        yield Problem(field, f"{text!r} is neither a host name nor *.SUFFIX")
        return
    try:
        ip_address(text)
    except ValueError:
        return
    yield Problem(field, f"{text!r} is an address, not a host name")


def _condition(field: str, condition: HeaderMatch) -> Problems:
    yield from names.one_of(f"{field}.type", condition.type, ("Exact", "RegularExpression"))
    if TOKEN.fullmatch(condition.name) is None:
        yield Problem(f"{field}.name", f"{condition.name!r} is not a name of a header or parameter")
    if condition.type == "RegularExpression":
        yield from pattern(f"{field}.value", condition.value)
    elif not 1 <= len(condition.value) <= _VALUE_MAX:
        yield Problem(f"{field}.value", f"has to have 1 to {_VALUE_MAX} characters")


def _backend(field: str, backend: BackendReference) -> Problems:
    if backend.kind == "EgressNetwork":
        yield names.not_yet(f"{field}.kind", backend.kind)
    elif not is_service(backend):
        yield Problem(f"{field}.kind", f"{backend.kind!r} of group {backend.group!r} is not a Service")
    if backend.port is None:
        yield Problem(f"{field}.port", "is required")
    else:
        yield from names.port(f"{field}.port", backend.port)
    if backend.namespace is not None:
        yield from names.label(f"{field}.namespace", backend.namespace)
    yield from names.subdomain(f"{field}.name", backend.name)
