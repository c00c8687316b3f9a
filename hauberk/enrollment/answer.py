"""What a runner is told: the status of an `Enrollment`, and why a request for one was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from hauberk.enrollment.request import API_VERSION, KIND, EnrollmentSpec

RefusalKind = Literal["Forbidden", "NotFound", "Invalid", "Conflict", "Exhausted"]


@dataclass(frozen=True)
class Refusal:
    """`reason` says what is wrong, `hint` the next step; `field` is the path in the request, if one is to blame."""

    kind: RefusalKind
    reason: str
    hint: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.hint}"


class EnrollmentStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that the runner needs to set the workload up. `token` is a secret and is not shown by `repr`."""

    pod_name: str
    pod_uid: str = msgspec.field(name="podUID")
    pod_ip: str = msgspec.field(name="podIP")
    prefix_length: int
    gateway: str
    bridge: str
    service_network: str
    identity: str
    token: str
    token_expiration_timestamp: datetime
    lease_duration_seconds: int
    search_domains: Sequence[str]
    cluster_domain: str
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        return f"EnrollmentStatus(pod_name={self.pod_name!r}, pod_ip={self.pod_ip!r})"


def to_document(namespace: str, spec: EnrollmentSpec, status: EnrollmentStatus) -> dict[str, Any]:
    """Return the `Enrollment` object that answers a request."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"namespace": namespace, "name": status.pod_name},
        "spec": msgspec.to_builtins(spec),
        "status": msgspec.to_builtins(status),
    }
