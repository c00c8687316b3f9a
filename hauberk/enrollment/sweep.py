"""Looks after leases: takes workloads that fell silent out of service, and removes them when they stay so."""

import asyncio
import logging

from hauberk.enrollment.lease import Leases
from hauberk.enrollment.report import silent
from hauberk.model.kinds import kind_named
from hauberk.model.pod import Pod
from hauberk.runtime.clock import Clock
from hauberk.store.protocol import Conflict, NotFound, Ref, Store, StoreUnavailable

_log = logging.getLogger(__name__)

INTERVAL_S = 0.5
STALL_S = 2.0
"""If a pass comes so late, this process was held up (stopped, starved), and reports wait unread in its socket."""
_POD = kind_named("", "Pod")


class Sweep:
    """One pass is `once`; `run` makes passes until it is cancelled."""

    def __init__(self, store: Store, leases: Leases, *, clock: Clock, lease_s: int) -> None:
        self._store = store
        self._leases = leases
        self._clock = clock
        self._lease_s = lease_s
        self._last: float | None = None

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except StoreUnavailable as e:
                _log.warning("leases are not looked after while the store is unavailable: %s", e)
            await asyncio.sleep(INTERVAL_S)

    async def once(self) -> None:
        """Judge all workloads now. Raises StoreUnavailable."""
        pods = {pod.metadata.uid: pod for pod in (await self._store.list(_POD)).items if isinstance(pod, Pod)}
        now = self._clock.monotonic()
        if self._last is not None and now - self._last > STALL_S:
            self._leases.extend(now - self._last)
        self._last = now
        overdue = self._leases.overdue(pods.keys(), now=now)
        for uid in sorted(overdue.silent):
            pod = pods[uid]
            try:
                if uid in overdue.gone:
                    await self._remove(pod)
                else:
                    await self._silence(pod)
            except (Conflict, NotFound):
                continue  # it has just changed: the next pass judges it anew

    async def _silence(self, pod: Pod) -> None:
        changed = silent(pod, now=self._clock.now(), lease_s=self._lease_s)
        if changed is not None:
            await self._store.update(changed, expected=pod.metadata.resource_version)
            _log.warning(
                "pod %s/%s is not ready: its runner has not reported for %d s",
                pod.metadata.namespace,
                pod.metadata.name,
                self._lease_s,
            )

    async def _remove(self, pod: Pod) -> None:
        ref = Ref("", "Pod", pod.metadata.namespace, pod.metadata.name)
        await self._store.delete(ref, expected=pod.metadata.resource_version, uid=pod.metadata.uid)
        self._leases.forget(pod.metadata.uid)
        _log.warning("pod %s/%s is removed: its runner is gone", pod.metadata.namespace, pod.metadata.name)
