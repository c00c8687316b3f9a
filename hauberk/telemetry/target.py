"""A proxy whose metrics are read, and what is known of the workload beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ADMIN_PORT = 4191
MESHED_LABEL = "linkerd.io/control-plane-ns"
WORKLOAD_LABEL = "app"
_PHASES_WITH_PROXY = ("Pending", "Running")


@dataclass(frozen=True, slots=True)
class Target:
    namespace: str
    pod: str
    workload: str
    """What replicas have in common: the label `app`, else the pod's own name."""
    service_account: str
    address: str
    """The pod's IP address; empty before it has one."""
    meshed: bool
    port: int = ADMIN_PORT

    @property
    def name(self) -> str:
        return f"{self.namespace}/{self.pod}"


def targets(pods: Iterable[Mapping[str, Any]]) -> list[Target]:
    """The workloads among the pods (as the API gives them) that have not ended."""
    found: list[Target] = []
    for pod in pods:
        metadata, spec, status = (pod.get(part) or {} for part in ("metadata", "spec", "status"))
        if status.get("phase", "Pending") not in _PHASES_WITH_PROXY:
            continue
        labels = metadata.get("labels") or {}
        name = str(metadata.get("name", ""))
        found.append(
            Target(
                namespace=str(metadata.get("namespace", "")),
                pod=name,
                workload=str(labels.get(WORKLOAD_LABEL) or name),
                service_account=str(spec.get("serviceAccountName") or "default"),
                address=str(status.get("podIP") or ""),
                meshed=MESHED_LABEL in labels,
            ),
        )
    return found


def readable(found: Iterable[Target]) -> list[Target]:
    """Those that have a proxy with an address to read."""
    return [target for target in found if target.meshed and target.address]
