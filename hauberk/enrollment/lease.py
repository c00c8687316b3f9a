"""Leases of workloads: the runner's report renews one; who stops reporting is first not ready, then gone. Pure.

Leases are kept in memory, not in the store: a report that changes nothing writes nothing, and a control plane that
restarts gives every workload a whole lease to report again. Times are monotonic seconds.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Overdue:
    """Workloads, by the uid of their Pod, that have not reported in time."""

    silent: frozenset[str]
    """The lease ran out: not ready from now on, back when the next report comes."""
    gone: frozenset[str]
    """Silent for so long that their Pods are removed."""


class Leases:
    """When each workload last reported."""

    def __init__(self, *, duration_s: float, removal_s: float) -> None:
        """`duration_s` is the time from report to silence, `removal_s` that from silence to removal."""
        self._duration_s = duration_s
        self._removal_s = removal_s
        self._reported: dict[str, float] = {}

    def renew(self, pod_uid: str, *, now: float) -> None:
        self._reported[pod_uid] = now

    def forget(self, pod_uid: str) -> None:
        self._reported.pop(pod_uid, None)

    def extend(self, by: float) -> None:
        """Nobody could have reported for so long: the fault is ours, and all leases last so much longer."""
        self._reported = {uid: reported + by for uid, reported in self._reported.items()}

    def overdue(self, live: Collection[str], *, now: float) -> Overdue:
        """Judge the workloads that are registered (`live`); one never seen here gets a whole lease from now."""
        self._reported = {uid: self._reported.get(uid, now) for uid in live}
        silent = {uid for uid, reported in self._reported.items() if now - reported >= self._duration_s}
        gone = {uid for uid in silent if now - self._reported[uid] >= self._duration_s + self._removal_s}
        return Overdue(silent=frozenset(silent), gone=frozenset(gone))
