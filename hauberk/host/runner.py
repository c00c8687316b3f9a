"""The record that a runner leaves in its workload's directory: a later one can tell by it whether it is still there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hauberk.host.process import Process

FILE = "runner.json"
_UID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs a workload, and what exists outside its directory for it."""

    process: Process
    namespace: str
    pod: str
    pod_uid: str
    bridge: str

    @property
    def link(self) -> str:
        """The host's end of the workload's pair of interfaces, named as `hauberk-proxy supervise` does."""
        digits = [c for c in self.pod_uid if c.isascii() and c.isalnum()][:_UID_DIGITS]
        return "hb" + "".join(digits).lower()


def runner(answer: Mapping[str, Any], process: Process) -> Runner:
    """The record for an answered enrollment."""
    status = answer["status"]
    return Runner(
        process=process,
        namespace=str(answer["metadata"]["namespace"]),
        pod=str(status["podName"]),
        pod_uid=str(status["podUID"]),
        bridge=str(status["bridge"]),
    )


def to_document(record: Runner) -> dict[str, Any]:
    return {
        "pid": record.process.pid,
        "started": record.process.started,
        "namespace": record.namespace,
        "pod": record.pod,
        "podUID": record.pod_uid,
        "bridge": record.bridge,
    }


def from_document(raw: object) -> Runner | None:
    """What a record says; None if it was not written to its end."""
    if not isinstance(raw, dict):
        return None
    try:
        return Runner(
            process=Process(int(raw["pid"]), int(raw["started"])),
            namespace=str(raw["namespace"]),
            pod=str(raw["pod"]),
            pod_uid=str(raw["podUID"]),
            bridge=str(raw["bridge"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
