"""What a runner asks for: the `Enrollment` object of `hauberk.dev/v1alpha1`, parsed and checked."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from hauberk.model import names as names_of

API_VERSION = "hauberk.dev/v1alpha1"
KIND = "Enrollment"

_MAX_PORTS = 64
_MAX_METADATA_BYTES = 256 * 1024  # of all annotations together, as in Kubernetes
_POD_SUFFIX_LENGTH = 6  # "-" and five characters
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED_NAME = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?)")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_RESERVED_LABEL_PREFIXES = ("linkerd.io/", "kubernetes.io/", "k8s.io/")


class EnrollmentInvalid(Exception):
    """The request makes no sense; `field` is the path inside the object."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class PortRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A port of the workload's Service, and the port on which the program listens (default: the same)."""

    port: int
    target_port: int | None = None
    name: str | None = None
    protocol: Literal["TCP"] = "TCP"
    app_protocol: str | None = None

    @property
    def container_port(self) -> int:
        return self.port if self.target_port is None else self.target_port


class EnrollmentSpec(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`name` is shared by replicas; `foreign_proxy` says that another implementation's proxy will be started."""

    name: str
    service_account_name: str = "default"
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    ports: list[PortRequest] = msgspec.field(default_factory=list)
    node_name: str = ""
    foreign_proxy: bool = False


class EnrollmentMeta(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    namespace: str = ""
    name: str = ""


class Enrollment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    api_version: Literal["hauberk.dev/v1alpha1"]
    kind: Literal["Enrollment"]
    spec: EnrollmentSpec
    metadata: EnrollmentMeta = EnrollmentMeta()


def parse_enrollment(raw: Mapping[str, Any], *, namespace: str) -> EnrollmentSpec:
    """Check a request that was sent to `namespace`; raises EnrollmentInvalid."""
    try:
        enrollment = msgspec.convert(raw, Enrollment)
    except msgspec.ValidationError as e:
        reason, _, path = str(e).partition(" - at `$")
        raise EnrollmentInvalid(path.strip("`.") or "enrollment", reason) from None
    if enrollment.metadata.namespace not in ("", namespace):
        raise EnrollmentInvalid("metadata.namespace", f"is not the namespace of the request ({namespace})")
    _check_names(enrollment.spec)
    _check_ports(enrollment.spec.ports)
    _check_metadata(enrollment.spec)
    return enrollment.spec


def _check_names(spec: EnrollmentSpec) -> None:
    longest = 63 - _POD_SUFFIX_LENGTH
    if not _DNS_LABEL.fullmatch(spec.name) or len(spec.name) > longest:
        raise EnrollmentInvalid("spec.name", f"must be a DNS label (RFC 1123) of at most {longest} characters")
    if not _DNS_SUBDOMAIN.fullmatch(spec.service_account_name):
        raise EnrollmentInvalid("spec.serviceAccountName", "must be a DNS subdomain (RFC 1123)")
    if spec.ports and not spec.name[0].isalpha():
        raise EnrollmentInvalid("spec.name", "must begin with a letter where there are ports, as a Service must")
    if spec.node_name and not _DNS_SUBDOMAIN.fullmatch(spec.node_name.lower()):
        raise EnrollmentInvalid("spec.nodeName", "must be a host name")


def _check_ports(ports: list[PortRequest]) -> None:
    if len(ports) > _MAX_PORTS:
        raise EnrollmentInvalid("spec.ports", f"has more than {_MAX_PORTS} ports")
    numbers: set[int] = set()
    names: set[str] = set()
    for index, port in enumerate(ports):
        where = f"spec.ports[{index}]"
        for member, number in (("port", port.port), ("targetPort", port.container_port)):
            if not 1 <= number <= 65535:
                raise EnrollmentInvalid(f"{where}.{member}", "must be from 1 to 65535")
        if port.name is not None and not _PORT_NAME.fullmatch(port.name):
            raise EnrollmentInvalid(f"{where}.name", "must be at most 15 of a-z, 0-9 and -, with a letter")
        if port.app_protocol is not None and not names_of.is_qualified(port.app_protocol):
            raise EnrollmentInvalid(f"{where}.appProtocol", "is not the name of a protocol")
        if port.port in numbers or port.name in names:
            raise EnrollmentInvalid(where, "is given twice")
        numbers.add(port.port)
        if port.name is not None:
            names.add(port.name)


def _check_metadata(spec: EnrollmentSpec) -> None:
    for key, value in spec.labels.items():
        _check_key(f"spec.labels[{key}]", key)
        if not _LABEL_VALUE.fullmatch(value):
            raise EnrollmentInvalid(f"spec.labels[{key}]", "is not a label value (at most 63 of A-Z a-z 0-9 - _ .)")
        if key.startswith(_RESERVED_LABEL_PREFIXES):
            raise EnrollmentInvalid(f"spec.labels[{key}]", "is set by the mesh")
        if key == "app" and value != spec.name:
            raise EnrollmentInvalid("spec.labels[app]", f"is always the workload's name ({spec.name})")
    for key in spec.annotations:
        _check_key(f"spec.annotations[{key}]", key)
    if sum(len(k.encode()) + len(v.encode()) for k, v in spec.annotations.items()) > _MAX_METADATA_BYTES:
        raise EnrollmentInvalid("spec.annotations", f"are longer than {_MAX_METADATA_BYTES} bytes together")


def _check_key(where: str, key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if not _QUALIFIED_NAME.fullmatch(name) or (slash and not _DNS_SUBDOMAIN.fullmatch(prefix)):
        raise EnrollmentInvalid(where, "is not a key such as team or example.com/team")
