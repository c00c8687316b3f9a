"""What matters of a pod, of where it is to live and of whom it belongs to. Pure.

A pod is read as it was written: what is not named here is neither looked at nor changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

PROXY = "linkerd-proxy"
"""The name that tools look for."""


class _Read(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Fields that are null are not there."""


class Port(_Read, frozen=True, kw_only=True):
    container_port: int
    name: str | None = None
    protocol: str | None = None

    @property
    def is_tcp(self) -> bool:
        return self.protocol in (None, "", "TCP")


class HttpGet(_Read, frozen=True, kw_only=True):
    port: int | str


class Probe(_Read, frozen=True, kw_only=True):
    http_get: HttpGet | None = None


class Security(_Read, frozen=True, kw_only=True):
    run_as_user: int | None = None


class Container(_Read, frozen=True, kw_only=True):
    name: str = ""
    ports: tuple[Port, ...] | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    security_context: Security | None = None
    restart_policy: str | None = None

    @property
    def probed(self) -> Iterator[int | str]:
        """Numbers or names of the ports that kubelet asks over HTTP."""
        for probe in (self.liveness_probe, self.readiness_probe, self.startup_probe):
            if probe is not None and probe.http_get is not None:
                yield probe.http_get.port


class Volume(_Read, frozen=True, kw_only=True):
    name: str = ""


class System(_Read, frozen=True, kw_only=True):
    name: str | None = None


class Spec(_Read, frozen=True, kw_only=True):
    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None
    volumes: tuple[Volume, ...] | None = None
    host_network: bool | None = None
    service_account_name: str | None = None
    termination_grace_period_seconds: int | None = None
    security_context: Security | None = None
    os: System | None = None

    @property
    def programs(self) -> tuple[Container, ...]:
        return self.containers or ()

    @property
    def preparing(self) -> tuple[Container, ...]:
        return self.init_containers or ()

    @property
    def lasting(self) -> Iterator[Container]:
        """Containers that run as long as the pod does: the programs, and native sidecars."""
        yield from self.programs
        yield from (container for container in self.preparing if container.restart_policy == "Always")


class Reference(_Read, frozen=True, kw_only=True):
    kind: str = ""
    name: str = ""
    api_version: str = ""
    uid: str = ""
    controller: bool | None = None


class Metadata(_Read, frozen=True, kw_only=True):
    name: str | None = None
    namespace: str | None = None
    generate_name: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: tuple[Reference, ...] | None = None


class Subject(_Read, frozen=True, kw_only=True):
    """A pod, the template of one, or anything else with metadata."""

    metadata: Metadata | None = None
    spec: Spec | None = None

    @property
    def annotations(self) -> Mapping[str, str]:
        return (self.metadata and self.metadata.annotations) or {}


@dataclass(frozen=True)
class Owner:
    """The workload that a pod is one of."""

    kind: str
    name: str
    api_version: str = ""
    uid: str = ""


@dataclass(frozen=True)
class Place:
    """A namespace, and what its annotations say to pods."""

    name: str
    """Empty where it is not known yet, as in files."""
    annotations: Mapping[str, str] = field(default_factory=dict)


class SubjectInvalid(Exception):
    """The object is not what it should be; the message says where."""


def read(document: Mapping[str, Any]) -> Subject:
    """Raises SubjectInvalid."""
    try:
        return msgspec.convert(document, Subject)
    except msgspec.ValidationError as error:
        raise SubjectInvalid(str(error)) from None


def owner_in(subject: Subject) -> Owner | None:
    """The workload that made the pod; None where a person did."""
    references = (subject.metadata and subject.metadata.owner_references) or ()
    controlling = [reference for reference in references if reference.controller]
    if not controlling and len(references) == 1:
        controlling = list(references)
    return Owner(*_fields(controlling[0])) if controlling else None


def _fields(found: Reference) -> tuple[str, str, str, str]:
    return found.kind, found.name, found.api_version, found.uid
