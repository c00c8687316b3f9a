"""The rules of an HTTPRoute's filters, and which are honoured. Pure."""

import re

from hauberk.model import names
from hauberk.model.httproute import (
    HTTPHeaderFilter,
    HTTPPathModifier,
    HTTPRequestRedirectFilter,
    HTTPRouteFilter,
    HTTPRouteRule,
)
from hauberk.model.problem import Problem, Problems

HONOURED = ("RequestHeaderModifier", "RequestRedirect")
_KNOWN = ("ResponseHeaderModifier", "RequestMirror", "URLRewrite", "CORS", "ExtensionRef", "ExternalAuth")
_MAX = 16
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{1,4096}")
_PATH = re.compile(r"/[\x21-\x7e]{0,1023}")
_STATUS_CODES = (301, 302, 303, 307, 308)
_OURS = "l5d-"
"""Headers in which proxies tell each other facts: identities, overrides."""


def rule_filters(field: str, rule: HTTPRouteRule) -> Problems:
    """Check the filters of a rule, against each other and against the rest of the rule."""
    if len(rule.filters) > _MAX:
        yield Problem(f"{field}.filters", f"has {len(rule.filters)} entries; {_MAX} are the most")
    seen: set[str] = set()
    for index, of in enumerate(rule.filters):
        yield from _filter(f"{field}.filters[{index}]", of, rule)
        if of.type in seen:
            yield Problem(f"{field}.filters[{index}].type", f"{of.type} is there twice")
        seen.add(of.type)
    if "RequestRedirect" in seen and rule.backend_refs:
        yield Problem(f"{field}.backendRefs", "a rule that redirects has no backends")


def _filter(field: str, of: HTTPRouteFilter, rule: HTTPRouteRule) -> Problems:
    if of.type in _KNOWN:
        yield names.not_yet(f"{field}.type", of.type, f"honoured: {', '.join(HONOURED)}")
        return
    if of.type not in HONOURED:
        yield from names.one_of(f"{field}.type", of.type, HONOURED)
        return
    settings = {
        "requestHeaderModifier": of.request_header_modifier,
        "requestRedirect": of.request_redirect,
        "responseHeaderModifier": of.response_header_modifier,
    }
    own = of.type[0].lower() + of.type[1:]
    for key, value in settings.items():
        if key == own and value is None:
            yield Problem(f"{field}.{key}", f"is required with type {of.type}")
        elif key != own and value is not None:
            yield Problem(f"{field}.{key}", f"does not belong to type {of.type}")
    if of.request_header_modifier is not None:
        yield from _headers(f"{field}.requestHeaderModifier", of.request_header_modifier)
    if of.request_redirect is not None:
        yield from _redirect(f"{field}.requestRedirect", of.request_redirect, rule)


def _headers(field: str, headers: HTTPHeaderFilter) -> Problems:
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
