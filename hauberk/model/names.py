"""The syntax of names, labels, ports and addresses (Kubernetes' validation rules; RFC 1035, RFC 1123). Pure."""

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from hauberk.model.problem import Problem, Problems

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_MAX = 63
"""Characters between two dots of a DNS name (RFC 1035)."""
_ANNOTATIONS_MAX = 256 * 1024
"""Bytes of all keys and values together."""


def is_label(text: str) -> bool:
    """Whether it is a DNS label (RFC 1123)."""
    return len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """Whether it is a DNS subdomain (RFC 1123): labels with dots between them."""
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def is_port_name(text: str) -> bool:
    """Whether it may name a port of a Pod (RFC 6335): at most 15 of a-z, 0-9 and -, with a letter."""
    return len(text) <= 15 and _PORT_NAME.fullmatch(text) is not None


def is_qualified(text: str) -> bool:
    """Whether it may be the key of a label or annotation: a name, perhaps with a domain and a slash before it."""
    prefix, slash, name = text.rpartition("/")
    return len(name) <= 63 and _QUALIFIED.fullmatch(name) is not None and (not slash or is_subdomain(prefix))


def label(field: str, text: str) -> Problems:
    if not is_label(text):
        yield Problem(field, f"{text!r} is not a DNS label: a-z, 0-9 and - inside, at most 63 characters")


def service_name(field: str, text: str) -> Problems:
    if len(text) > 63 or _SERVICE.fullmatch(text) is None:
        yield Problem(field, f"{text!r} is not a DNS label that begins with a letter, with at most 63 characters")


def subdomain(field: str, text: str) -> Problems:
    if not is_subdomain(text):
        yield Problem(field, f"{text!r} is not a DNS name: a-z, 0-9, - and . inside, at most 253 characters")


def host(field: str, text: str) -> Problems:
    """A name that a machine may have: its labels are DNS labels, and the last one tells it from an address."""
    if not is_subdomain(text) or max(map(len, text.split("."))) > 63 or text.rpartition(".")[2].isdecimal():
        yield Problem(field, f"{text!r} is not the DNS name of a host: labels of at most 63 of a-z, 0-9 and -")


def port(field: str, number: int) -> Problems:
    if not 1 <= number <= 65535:
        yield Problem(field, f"{number} is not a port: 1 to 65535")


def port_or_name(field: str, value: int | str) -> Problems:
    if isinstance(value, int):
        yield from port(field, value)
    elif value.isdecimal():
        yield Problem(field, f"{value!r} is a text", "write the number without quotes")
    elif not is_port_name(value):
        yield Problem(field, f"{value!r} is no name of a port: a-z, 0-9 and - inside, a letter, at most 15 characters")


def labels(field: str, found: Mapping[str, str]) -> Problems:
    for key, value in found.items():
        if not is_qualified(key):
            yield Problem(f"{field}[{key}]", f"{key!r} is not the key of a label")
        if value and (len(value) > 63 or _QUALIFIED.fullmatch(value) is None):
            yield Problem(f"{field}[{key}]", f"{value!r} is not the value of a label")


def annotations(field: str, found: Mapping[str, str]) -> Problems:
    for key in found:
        if not is_qualified(key):
            yield Problem(f"{field}[{key}]", f"{key!r} is not the key of an annotation")
    if sum(len(key.encode()) + len(value.encode()) for key, value in found.items()) > _ANNOTATIONS_MAX:
        yield Problem(field, f"has more than {_ANNOTATIONS_MAX} bytes")


def network(field: str, text: str) -> Problems:
    """A network in CIDR notation, or one address."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        yield Problem(field, f"{text!r} is neither a network such as 10.0.0.0/8 nor an address")


def address(field: str, text: str) -> Problems:
    try:
        ip_address(text)
    except ValueError:
        yield Problem(field, f"{text!r} is not an IP address")


def one_of(field: str, value: str, allowed: tuple[str, ...]) -> Problems:
    if value not in allowed:
        yield Problem(field, f"{value!r} is none of {', '.join(allowed)}")


def not_yet(field: str, what: str, hint: str = "") -> Problem:
    """The refusal of what others honour and Hauberk does not."""
    return Problem(field, f"{what} is not honoured yet", hint)
