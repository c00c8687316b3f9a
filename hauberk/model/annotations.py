"""Annotations that are settings of the mesh: which are honoured where, and what they may say. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping

from hauberk.model import names
from hauberk.model.problem import Problem, Problems
from hauberk.model.resource import Resource
from hauberk.model.server import ACCESS_POLICIES

OPAQUE_PORTS = "config.linkerd.io/opaque-ports"
DEFAULT_INBOUND_POLICY = "config.linkerd.io/default-inbound-policy"
ALLOWED_UIDS = "hauberk.dev/allowed-uids"

_DOMAINS = ("linkerd.io", "hauberk.dev")
"""What has a key of these domains, or of one below them, asks the mesh for something: where it does not get it, it is
told so."""

_SAYS_ONLY = ("linkerd.io/created-by", "linkerd.io/proxy-version", "linkerd.io/trust-root-sha256")
"""Notes of tools, which ask for nothing."""

_TRAFFIC_PREFIXES = ("balancer.linkerd.io/", "balancer.alpha.linkerd.io/", "retry.linkerd.io/", "timeout.linkerd.io/")
"""Settings of traffic to a Service or by a route: one that is not honoured changes what the manifest means."""

_TRAFFIC_KINDS = ("Service", "HTTPRoute", "GRPCRoute")
_PORT_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def annotation_problems(resource: Resource) -> Problems:
    """Settings that are not honoured yet, and values that make no sense."""
    honoured = _HONOURED.get(resource.kind, {})
    for key, value in resource.metadata.annotations.items():
        field = f"metadata.annotations[{key}]"
        if key in honoured:
            yield from honoured[key](field, value)
        elif resource.kind in _TRAFFIC_KINDS and key.startswith(_TRAFFIC_PREFIXES):
            yield Problem(field, "is not honoured yet")


def without_effect(resource: Resource) -> Iterator[str]:
    """The annotations and labels of the mesh that mean nothing (yet) on this kind, or are misspelled."""
    honoured = _HONOURED.get(resource.kind, {})
    for key in resource.metadata.annotations:
        if is_of_the_mesh(key) and key not in honoured:
            yield f"annotation {key}"
    for key in resource.metadata.labels:
        if is_of_the_mesh(key):
            yield f"label {key}"


def is_of_the_mesh(key: str) -> bool:
    """Whether an annotation or label asks the mesh for something."""
    domain = key.rpartition("/")[0]
    return key not in _SAYS_ONLY and any(domain == own or domain.endswith(f".{own}") for own in _DOMAINS)


def _ports(field: str, text: str) -> Problems:
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _PORT_RANGE.fullmatch(part)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not (1 <= low <= high <= 65535 or (found is None and names.is_port_name(part))):
            yield Problem(field, f"{part!r} is neither a port, nor a range such as 8000-8010, nor a name of a port")


def _policy(field: str, text: str) -> Problems:
    return names.one_of(field, text, ACCESS_POLICIES)


def _uids(field: str, text: str) -> Problems:
    for part in text.split(","):
        if not (part.strip().isascii() and part.strip().isdecimal()):
            yield Problem(field, f"{part.strip()!r} is not a uid", "write numbers with commas between, as in 1000,1001")


_HONOURED: Mapping[str, Mapping[str, Callable[[str, str], Problems]]] = {
    "Namespace": {OPAQUE_PORTS: _ports, DEFAULT_INBOUND_POLICY: _policy},
    "Service": {OPAQUE_PORTS: _ports},
    "ServiceAccount": {ALLOWED_UIDS: _uids},
}
