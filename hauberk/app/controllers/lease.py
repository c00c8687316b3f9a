"""One of several replicas does what only one may: whoever holds a Lease (coordination.k8s.io/v1).

As in client-go, clocks of machines are not compared: a lease counts as abandoned when it did not change for its whole
duration, by the clock of whoever looks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from hauberk.runtime.clock import Clock

log = logging.getLogger(__name__)

Document = dict[str, Any]


class LeaseUnavailable(Exception):
    """The cluster cannot be asked now."""


class Leases(Protocol):
    """Where the lease is kept."""

    async def read(self) -> Document | None:
        """None: there is none. Raises LeaseUnavailable."""
        ...

    async def write(self, spec: Document, before: Document | None) -> bool:
        """Create it, or replace that very version. False: somebody else was faster. Raises LeaseUnavailable."""
        ...


@dataclass(frozen=True)
class Times:
    """In seconds."""

    duration: float = 30.0
    """After so long without a sign the lease is free. Kubernetes counts whole seconds."""
    renew: float = 10.0
    retry: float = 2.0


_TIMES = Times()


@dataclass
class Watched:
    """What was seen last of a lease that somebody else holds."""

    version: str = ""
    since_s: float = 0.0


class Leader:
    """`run` does the work whenever this replica holds the lease."""

    def __init__(self, leases: Leases, name: str, *, clock: Clock, times: Times = _TIMES) -> None:
        """`name` is this replica's."""
        self._leases = leases
        self._name = name
        self._clock = clock
        self._times = times
        self._watched = Watched()
        self.leads = False

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled; then the lease is given up at once, so that another replica need not wait for its end."""
        while True:
            if not await self._take():
                await asyncio.sleep(self._times.retry)
                continue
            log.info("this replica is the one that writes")
            task = asyncio.ensure_future(work())
            self.leads = True
            try:
                await self._keep(task)
            finally:
                self.leads = False
                task.cancel()
                await asyncio.wait([task])
                await self._give_up()

    async def _take(self) -> bool:
        try:
            held = await self._leases.read()
            if held is not None and not self._is_free(held):
                return False
            return await self._leases.write(self._spec(held), held)
        except LeaseUnavailable as error:
            log.warning("who writes cannot be decided now: %s", error)
            return False

    async def _keep(self, task: asyncio.Future[None]) -> None:
        """Return when the lease is another's, or could not be renewed for most of its duration, or the work ended."""
        renewed = self._clock.monotonic()
        while self._clock.monotonic() - renewed < self._times.duration - self._times.renew:
            done, _ = await asyncio.wait([task], timeout=self._times.renew)
            if done:
                task.result()
                return
            try:
                held = await self._leases.read()
                if held is not None and held["spec"].get("holderIdentity") != self._name:
                    log.warning("another replica writes now")
                    return
                if await self._leases.write(self._spec(held), held):
                    renewed = self._clock.monotonic()
            except LeaseUnavailable as error:
                log.warning("the lease cannot be renewed: %s", error)

    async def _give_up(self) -> None:
        try:
            held = await self._leases.read()
            if held is not None and held["spec"].get("holderIdentity") == self._name:
                await self._leases.write({**held["spec"], "holderIdentity": ""}, held)
        except LeaseUnavailable:
            return  # it ends by itself

    def _is_free(self, held: Document) -> bool:
        spec, version = held["spec"], held["metadata"]["resourceVersion"]
        if spec.get("holderIdentity") in (None, "", self._name):
            return True
        now = self._clock.monotonic()
        if version != self._watched.version:
            self._watched = Watched(version, now)
        return now - self._watched.since_s >= float(spec.get("leaseDurationSeconds") or self._times.duration)

    def _spec(self, held: Document | None) -> Document:
        before = held["spec"] if held is not None else {}
        now = datetime_text(self._clock.now())
        same = before.get("holderIdentity") == self._name
        return {
            "holderIdentity": self._name,
            "leaseDurationSeconds": max(1, round(self._times.duration)),
            "acquireTime": before.get("acquireTime", now) if same else now,
            "renewTime": now,
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + (0 if same else 1),
        }


def datetime_text(moment: datetime) -> str:
    """MicroTime of meta/v1."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
