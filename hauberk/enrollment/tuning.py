"""The part of a proxy's settings that annotations may change (`config.linkerd.io/*`). Pure.

An annotation that is not honoured is refused by name: what a user writes never means less here than it says.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hauberk.enrollment.mesh import Mesh
from hauberk.model.annotations import is_of_the_mesh

OPAQUE_PORTS = "config.linkerd.io/opaque-ports"
DEFAULT_INBOUND_POLICY = "config.linkerd.io/default-inbound-policy"
SKIP_INBOUND_PORTS = "config.linkerd.io/skip-inbound-ports"
SKIP_OUTBOUND_PORTS = "config.linkerd.io/skip-outbound-ports"

_INBOUND_POLICIES = frozenset(
    {"all-unauthenticated", "all-authenticated", "cluster-unauthenticated", "cluster-authenticated", "deny", "audit"}
)
_DURATION = re.compile(r"0|[0-9]{1,9}(?:ms|s|m|h|d)")
_LOG_LEVEL = re.compile(r"[\x21-\x7e]{1,512}")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True", "enabled"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False", "disabled"})
_DEFAULT_LOG = "warn,linkerd=info,hauberk=info,hickory=error,[{headers}]=off,[{request}]=off"


class AnnotationInvalid(Exception):
    """An annotation has a value that makes no sense, or is one that is not honoured."""

    def __init__(self, annotation: str, reason: str) -> None:
        super().__init__(f"{annotation}: {reason}")
        self.annotation = annotation
        self.reason = reason


@dataclass(frozen=True)
class Tuning:
    """Checked values by the name of their variable (without the `LINKERD2_PROXY_` prefix)."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def variables(self) -> dict[str, str]:
        return dict(self.values)


def tuning_of(annotations: Mapping[str, str], mesh: Mesh) -> Tuning:
    """Return the settings that the annotations ask for, with the mesh's defaults for the rest.

    Raises AnnotationInvalid for the first annotation, by name, that is wrong or not honoured.
    """
    values = {
        "LOG": _DEFAULT_LOG,
        "LOG_FORMAT": "plain",
        "INBOUND_DEFAULT_POLICY": mesh.default_inbound_policy,
        "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION": mesh.opaque_ports,
        "INBOUND_CONNECT_TIMEOUT": "100ms",
        "OUTBOUND_CONNECT_TIMEOUT": "1000ms",
        "SHUTDOWN_ENDPOINT_ENABLED": "false",
        "SHUTDOWN_GRACE_PERIOD": "2m",
    }
    for annotation, value in sorted(annotations.items()):
        if not is_of_the_mesh(annotation):
            continue
        rule = _HONOURED.get(annotation)
        if rule is None:
            raise AnnotationInvalid(annotation, "is not honoured for programs started by `hauberk run`; leave it out")
        variable, check = rule
        try:
            checked = check(value)
        except ValueError as e:
            raise AnnotationInvalid(annotation, str(e)) from None
        if variable:
            values[variable] = checked
    return Tuning(MappingProxyType(values))


def inherited(annotations: Mapping[str, str]) -> dict[str, str]:
    """Return those of a Namespace's annotations that hold for its programs until their proxies are told by policy.

    Names of ports are known to nobody but the control plane, and left out.
    """
    found = {}
    if (policy := annotations.get(DEFAULT_INBOUND_POLICY)) in _INBOUND_POLICIES:
        found[DEFAULT_INBOUND_POLICY] = policy
    if (ports := annotations.get(OPAQUE_PORTS)) is not None:
        found[OPAQUE_PORTS] = ",".join(part for part in ports.split(",") if part.strip()[:1].isdecimal())
    return found


def port_list(text: str) -> str:
    """Check a list of ports and ranges such as `80,8000-8010`; raises ValueError."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        low, dash, high = part.partition("-")
        if not (_is_port(low) and (not dash or _is_port(high))) or (dash and int(low) > int(high)):
            raise ValueError(f"{part!r} is neither a port (1 to 65535) nor a range of ports")
    return ",".join(parts)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535


def _policy(text: str) -> str:
    if text not in _INBOUND_POLICIES:
        raise ValueError(f"{text!r} is none of {', '.join(sorted(_INBOUND_POLICIES))}")
    return text


def _duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration such as 500ms, 30s or 2m")
    return text


def _boolean(text: str) -> str:
    if text not in _TRUE | _FALSE:
        raise ValueError(f"{text!r} is neither true nor false")
    return "true" if text in _TRUE else "false"


def _log_level(text: str) -> str:
    if not _LOG_LEVEL.fullmatch(text):
        raise ValueError("is not a log filter such as warn,linkerd=info")
    return text


def _log_format(text: str) -> str:
    if text.lower() not in {"plain", "json"}:
        raise ValueError(f"{text!r} is neither plain nor json")
    return text.lower()


_HONOURED: Mapping[str, tuple[str, Callable[[str], str]]] = {
    OPAQUE_PORTS: ("INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", port_list),
    DEFAULT_INBOUND_POLICY: ("INBOUND_DEFAULT_POLICY", _policy),
    # The redirect is the runner's; the annotation tells clients which ports bypass the proxy.
    SKIP_INBOUND_PORTS: ("", port_list),
    SKIP_OUTBOUND_PORTS: ("", port_list),
    "config.linkerd.io/proxy-log-level": ("LOG", _log_level),
    "config.linkerd.io/proxy-log-format": ("LOG_FORMAT", _log_format),
    "config.linkerd.io/proxy-admin-shutdown": ("SHUTDOWN_ENDPOINT_ENABLED", _boolean),
    "config.linkerd.io/shutdown-grace-period": ("SHUTDOWN_GRACE_PERIOD", _duration),
    "config.linkerd.io/proxy-inbound-connect-timeout": ("INBOUND_CONNECT_TIMEOUT", _duration),
    "config.linkerd.io/proxy-outbound-connect-timeout": ("OUTBOUND_CONNECT_TIMEOUT", _duration),
    "config.linkerd.io/proxy-inbound-discovery-cache-unused-timeout": ("INBOUND_DISCOVERY_IDLE_TIMEOUT", _duration),
    "config.linkerd.io/proxy-outbound-discovery-cache-unused-timeout": ("OUTBOUND_DISCOVERY_IDLE_TIMEOUT", _duration),
}
