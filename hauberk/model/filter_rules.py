"""The rules of routes' filters, and which are honoured. Pure."""

import re

from hauberk.model import names
from hauberk.model.grpcroute import GRPCRouteFilter, GRPCRouteRule
from hauberk.model.httproute import HTTPPathModifier, HTTPRequestRedirectFilter, HTTPRouteFilter, HTTPRouteRule
from hauberk.model.problem import Problem, Problems
from hauberk.model.route import HeaderFilter

_OF_HTTP = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect")
_OF_HTTP_BACKENDS = ("RequestHeaderModifier", "ResponseHeaderModifier")
_OF_GRPC = ("RequestHeaderModifier",)
_OF_SERVERS = ("RequestHeaderModifier", "RequestRedirect")
"""Those that the contract can say of requests that reach a workload."""
_KNOWN = (*_OF_HTTP, "RequestMirror", "URLRewrite", "CORS", "ExtensionRef", "ExternalAuth")
_MAX = 16
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{1,4096}")
_PATH = re.compile(r"/[\x21-\x7e]{0,1023}")
_STATUS_CODES = (301, 302, 303, 307, 308)
_OURS = "l5d-"
"""Headers in which proxies tell each other facts: identities, overrides."""


def http_filters(field: str, rule: HTTPRouteRule, *, inbound: bool) -> Problems:
    """Check the filters of a rule, against each other and against the rest of the rule."""
    yield from _filters(field, rule.filters, _OF_HTTP, rule, inbound=inbound)
    if any(of.type == "RequestRedirect" for of in rule.filters) and rule.backend_refs:
        yield Problem(f"{field}.backendRefs", "a rule that redirects has no backends")
    for index, backend in enumerate(rule.backend_refs):
        yield from _filters(f"{field}.backendRefs[{index}]", backend.filters, _OF_HTTP_BACKENDS, rule)


def grpc_filters(field: str, rule: GRPCRouteRule, *, inbound: bool) -> Problems:
    """The same for gRPC."""
    yield from _filters(field, rule.filters, _OF_GRPC, rule, inbound=inbound)
    for index, backend in enumerate(rule.backend_refs):
        yield from _filters(f"{field}.backendRefs[{index}]", backend.filters, _OF_GRPC, rule)


def _filters(
    field: str,
    filters: tuple[HTTPRouteFilter | GRPCRouteFilter, ...],
    honoured: tuple[str, ...],
    rule: HTTPRouteRule | GRPCRouteRule,
    *,
    inbound: bool = False,
) -> Problems:
    if len(filters) > _MAX:
        yield Problem(f"{field}.filters", f"has {len(filters)} entries; {_MAX} are the most")
    seen: set[str] = set()
    for index, of in enumerate(filters):
        place = f"{field}.filters[{index}]"
        if of.type in honoured and inbound and of.type not in _OF_SERVERS:
            yield names.not_yet(f"{place}.type", f"{of.type} in a Server's route", "make a route of the Service")
        elif of.type in honoured:
            yield from _filter(place, of, rule)
        elif of.type in _KNOWN:
            yield names.not_yet(f"{place}.type", of.type, f"honoured: {', '.join(honoured)}")
        else:
            yield from names.one_of(f"{place}.type", of.type, honoured)
        if of.type in seen:
            yield Problem(f"{place}.type", f"{of.type} is there twice")
        seen.add(of.type)


def _filter(field: str, of: HTTPRouteFilter | GRPCRouteFilter, rule: HTTPRouteRule | GRPCRouteRule) -> Problems:
    redirect = of.request_redirect if isinstance(of, HTTPRouteFilter) else None
    settings = {
        "requestHeaderModifier": of.request_header_modifier,
        "responseHeaderModifier": of.response_header_modifier,
        "requestRedirect": redirect,
    }
    own = of.type[0].lower() + of.type[1:]
    for key, value in settings.items():
        if key == own and value is None:
            yield Problem(f"{field}.{key}", f"is required with type {of.type}")
        elif key != own and value is not None:
            yield Problem(f"{field}.{key}", f"does not belong to type {of.type}")
    if of.request_header_modifier is not None:
        yield from _headers(f"{field}.requestHeaderModifier", of.request_header_modifier)
    if of.response_header_modifier is not None:
        yield from _headers(f"{field}.responseHeaderModifier", of.response_header_modifier)
    if redirect is not None and isinstance(rule, HTTPRouteRule):
        yield from _redirect(f"{field}.requestRedirect", redirect, rule)


def _headers(field: str, headers: HeaderFilter) -> Problems:
    if not (headers.set or headers.add or headers.remove):
        yield Problem(field, "changes nothing: it has neither set, add nor remove")
    for key, changed in (("set", headers.set), ("add", headers.add), ("remove", headers.remove)):
        if len(changed) > _MAX:
            yield Problem(f"{field}.{key}", f"has {len(changed)} entries; {_MAX} are the most")
    for key, entries in (("set", headers.set), ("add", headers.add)):
        seen: set[str] = set()
        for index, header in enumerate(entries):
            place = f"{field}.{key}[{index}]"
            yield from _header_name(f"{place}.name", header.name)
            if _VALUE.fullmatch(header.value) is None:
                yield Problem(f"{place}.value", "is not the value of a header: 1 to 4096 printable characters")
            if header.name.lower() in seen:
                yield Problem(f"{place}.name", f"{header.name!r} is there twice")
            seen.add(header.name.lower())
    for index, name in enumerate(headers.remove):
        yield from _header_name(f"{field}.remove[{index}]", name)


def _header_name(field: str, name: str) -> Problems:
    if _NAME.fullmatch(name) is None:
        yield Problem(field, f"{name!r} is not a name of a header")
    elif name.lower().startswith(_OURS):
        yield Problem(field, f"{name!r} belongs to the proxies: headers {_OURS}* cannot be changed")


def _redirect(field: str, redirect: HTTPRequestRedirectFilter, rule: HTTPRouteRule) -> Problems:
    if redirect.scheme is not None:
        yield from names.one_of(f"{field}.scheme", redirect.scheme, ("http", "https"))
    if redirect.hostname is not None:
        yield from names.host(f"{field}.hostname", redirect.hostname)
    if redirect.port is not None:
        yield from names.port(f"{field}.port", redirect.port)
    if redirect.status_code is not None and redirect.status_code not in _STATUS_CODES:
        allowed = ", ".join(map(str, _STATUS_CODES))
        yield Problem(f"{field}.statusCode", f"{redirect.status_code} is none of {allowed}")
    if redirect.path is not None:
        yield from _path(f"{field}.path", redirect.path, rule)


def _path(place: str, path: HTTPPathModifier, rule: HTTPRouteRule) -> Problems:
    yield from names.one_of(f"{place}.type", path.type, ("ReplaceFullPath", "ReplacePrefixMatch"))
    full, prefix = path.replace_full_path, path.replace_prefix_match
    if path.type == "ReplaceFullPath" and (full is None or prefix is not None):
        yield Problem(place, "needs replaceFullPath, and nothing else, with type ReplaceFullPath")
    if path.type == "ReplacePrefixMatch":
        if prefix is None or full is not None:
            yield Problem(place, "needs replacePrefixMatch, and nothing else, with type ReplacePrefixMatch")
        if len(rule.matches) != 1 or rule.matches[0].path is None or rule.matches[0].path.type != "PathPrefix":
            yield Problem(f"{place}.type", "ReplacePrefixMatch needs exactly one match in the rule, of a PathPrefix")
    for key, text in (("replaceFullPath", full), ("replacePrefixMatch", prefix)):
        if text is not None and _PATH.fullmatch(text) is None:
            yield Problem(f"{place}.{key}", f"{text!r} is not an absolute path of at most 1024 printable characters")
