"""What becomes of a pod: it gets a proxy, it is left alone for a reason, or it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Operation = dict[str, Any]
"""One of a JSON Patch (RFC 6902)."""

AnnotationAt = Literal["", "workload", "namespace"]
"""Where the annotation stands that decided."""


class Reason(StrEnum):
    """Why a pod gets no proxy (Linkerd's words, and one of ours)."""

    ABSENT = "injection_enable_annotation_absent"
    DISABLED = "injection_disable_annotation_present"
    INVALID_AT_WORKLOAD = "invalid_inject_annotation_at_workload"
    INVALID_AT_NAMESPACE = "invalid_inject_annotation_at_ns"
    HOST_NETWORK = "host_network_enabled"
    SIDECAR = "sidecar_already_exists"
    UNSUPPORTED = "unsupported_resource"
    PROTECTED = "protected_namespace"

    @property
    def told(self) -> str:
        """For people: why, and what to do about it."""
        return _TOLD[self]


_TOLD = {
    Reason.ABSENT: "neither the pod nor its namespace has the annotation linkerd.io/inject: enabled",
    Reason.DISABLED: "the annotation linkerd.io/inject says disabled",
    Reason.INVALID_AT_WORKLOAD: "the pod's annotation linkerd.io/inject is none of enabled, ingress, disabled",
    Reason.INVALID_AT_NAMESPACE: "the namespace's annotation linkerd.io/inject is none of enabled, ingress, disabled",
    Reason.HOST_NETWORK: "hostNetwork is on: a redirect would take the whole machine's connections",
    Reason.SIDECAR: "there is a proxy already",
    Reason.UNSUPPORTED: "the proxy runs on Linux only",
    Reason.PROTECTED: "pods of the control plane and of kube-system never depend on a proxy",
}


@dataclass(frozen=True, kw_only=True)
class Injected:
    operations: Sequence[Operation]
    warnings: tuple[str, ...]
    """What of the annotations does not hold, and what does not pass the proxy."""
    annotation_at: AnnotationAt


@dataclass(frozen=True, kw_only=True)
class Skipped:
    reason: Reason
    operations: Sequence[Operation] = ()
    annotation_at: AnnotationAt = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The pod is not to be: it would be less protected than its annotations say, or could never become ready."""

    reasons: tuple[str, ...]
    annotation_at: AnnotationAt


Outcome = Injected | Skipped | Refused
