"""Server (policy.linkerd.io): a port of some Pods, and who may talk to it by default."""

from collections.abc import Mapping
from typing import ClassVar

from hauberk.model.metadata import UNREADABLE
from hauberk.model.part import Part
from hauberk.model.resource import Resource
from hauberk.model.selector import LabelSelector

PROXY_PROTOCOLS = ("unknown", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS")
"""`unknown` means: detect."""

ACCESS_POLICIES = (
    "deny",
    "all-unauthenticated",
    "all-authenticated",
    "cluster-unauthenticated",
    "cluster-authenticated",
    "audit",
)
"""The words of a default inbound policy."""

EVERY_PORT = 0
"""Of a Server that could not be read, and whose port nobody knows. No port has this number."""


class ServerSpec(Part, frozen=True, kw_only=True):
    not_honoured: ClassVar[Mapping[str, str]] = {
        "externalWorkloadSelector": "ExternalWorkloads are not supported: select Pods with podSelector",
    }

    pod_selector: LabelSelector | None = None
    """Which Pods of the namespace; an empty selector is all of them. A manifest must have it."""
    port: int | str
    """By number, or by the name that the Pods give to it."""
    proxy_protocol: str = "unknown"
    access_policy: str = "deny"
    """For clients that no AuthorizationPolicy lets in."""


class Server(Resource, frozen=True, kw_only=True):
    """While it selects a port, only whom policies let in may talk to the port."""

    api_version: str = "policy.linkerd.io/v1beta3"
    spec: ServerSpec

    @property
    def closed(self) -> bool:
        """Whether nobody is let in, whatever else is said: it could not be read."""
        return UNREADABLE in self.metadata.annotations
