"""The runner's report on its workload: the status of a Pod, as far as the runner may say it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from hauberk.model.pod import Pod, PodCondition

Phase = Literal["Pending", "Running", "Succeeded", "Failed"]

_MAX_CONDITIONS = 16
_MAX_TEXT = 1024


class ReportInvalid(Exception):
    """The report makes no sense; `field` is the path inside the Pod."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ReportedCondition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str | None = None
    message: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`uid` is that of the Pod meant; None where the runner did not say."""

    uid: str | None
    phase: Phase | None
    conditions: tuple[ReportedCondition, ...]


class _Status(msgspec.Struct, frozen=True):
    """Other fields (the address) are the control plane's own, and what is said about them is ignored."""

    phase: Phase | None = None
    conditions: tuple[ReportedCondition, ...] = ()


class _Meta(msgspec.Struct, frozen=True):
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None


class _Document(msgspec.Struct, frozen=True):
    status: _Status
    metadata: _Meta = _Meta()


def parse_report(raw: Mapping[str, Any], *, namespace: str, name: str) -> Report:
    """Read a Pod that was put to `namespace/name`; raises ReportInvalid."""
    try:
        document = msgspec.convert(raw, _Document)
    except msgspec.ValidationError as e:
        reason, _, path = str(e).partition(" - at `$")
        raise ReportInvalid(path.strip("`.") or "pod", reason) from None
    if document.metadata.name not in (None, name) or document.metadata.namespace not in (None, "", namespace):
        raise ReportInvalid("metadata.name", f"is not that of the request ({namespace}/{name})")
    conditions = document.status.conditions
    if len(conditions) > _MAX_CONDITIONS:
        raise ReportInvalid("status.conditions", f"has more than {_MAX_CONDITIONS} entries")
    for index, condition in enumerate(conditions):
        for text in (condition.type, condition.reason, condition.message):
            if text is not None and len(text) > _MAX_TEXT:
                raise ReportInvalid(f"status.conditions[{index}]", f"has a text of more than {_MAX_TEXT} characters")
    return Report(uid=document.metadata.uid, phase=document.status.phase, conditions=conditions)


def reported(pod: Pod, report: Report, *, now: datetime) -> Pod | None:
    """Return the Pod as the report says it is, or None if that is what is known already."""
    old = {condition.type: condition for condition in pod.status.conditions}
    conditions = dict(old)
    for condition in report.conditions:
        if condition.type in conditions or len(conditions) < _MAX_CONDITIONS:
            conditions[condition.type] = _condition(condition, old.get(condition.type), now)
    status = msgspec.structs.replace(
        pod.status, phase=report.phase or pod.status.phase, conditions=tuple(conditions.values())
    )
    return None if status == pod.status else msgspec.structs.replace(pod, status=status)


def silent(pod: Pod, *, now: datetime, lease_s: int) -> Pod | None:
    """Return the Pod as not ready, because its runner does not report; None if it is not ready already."""
    ready = ReportedCondition(
        type="Ready",
        status="False",
        reason="LeaseExpired",
        message=f"the runner has not reported for {lease_s} s",
    )
    if not any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions):
        return None
    return reported(pod, Report(uid=None, phase=None, conditions=(ready,)), now=now)


def _condition(new: ReportedCondition, old: PodCondition | None, now: datetime) -> PodCondition:
    changed = old is None or old.status != new.status
    return PodCondition(
        type=new.type,
        status=new.status,
        reason=new.reason,
        message=new.message,
        last_transition_time=now if changed or old is None else old.last_transition_time,
    )
