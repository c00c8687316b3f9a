"""Who is in the mesh and who is ready, as the control plane says."""

from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from hauberk.check.kubernetes.pods import is_ready
from hauberk.client.api import Client
from hauberk.client.watching import Deleted, Listed, Put, WatchEvent
from hauberk.demo.cast import Home
from hauberk.model.kinds import kind_named
from hauberk.runtime.clock import Clock
from hauberk.runtime.latest import Latest
from hauberk.telemetry.target import Target, readable, targets

REPLICA_LABEL = "replica"


@dataclass(frozen=True, slots=True)
class _Replicas:
    there: frozenset[str] = frozenset()
    ready: frozenset[str] = frozenset()


class Roster:
    def __init__(self, home: Home, clock: Clock) -> None:
        self._namespace = home.namespace
        self._clock = clock
        self._pods: dict[str, Mapping[str, Any]] = {}
        self._known: dict[str, Target] = {}
        self.ready_at_s: dict[str, float] = {}
        """When each replica was first said to be ready, in monotonic seconds."""
        self._replicas = Latest(_Replicas())

    async def follow(self, client: Client) -> None:
        """Keeps up with the control plane until cancelled."""
        async with aclosing(client.watch(kind_named("", "Pod"), namespace=self._namespace)) as events:
            async for event in events:
                self.note(event)

    def note(self, event: WatchEvent) -> None:
        """Takes in what the control plane said."""
        match event:
            case Listed(items):
                self._pods = {_name(pod): pod for pod in items}
            case Put(pod):
                self._pods[_name(pod)] = pod
            case Deleted(pod):
                self._pods.pop(_name(pod), None)
        self._known |= {target.name: target for target in targets(self._pods.values())}
        pods = self._pods.values()
        now = _Replicas(frozenset(map(_replica, pods)), frozenset(_replica(pod) for pod in pods if is_ready(pod)))
        for replica in now.ready:
            self.ready_at_s.setdefault(replica, self._clock.monotonic())
        if now != self._replicas.value:
            self._replicas.set(now)

    async def until_ready(self, replicas: Collection[str]) -> None:
        """Returns as soon as all of them are ready at the same time."""
        await self._until(lambda now: now.ready.issuperset(replicas))

    async def until_gone(self, replica: str) -> None:
        """Returns as soon as it has no pod."""
        await self._until(lambda now: replica not in now.there)

    async def _until(self, true: Callable[[_Replicas], bool]) -> None:
        async with aclosing(self._replicas.watch()) as states:
            async for now in states:
                if true(now):
                    return

    @property
    def ready(self) -> frozenset[str]:
        return self._replicas.value.ready

    @property
    def pods(self) -> list[Mapping[str, Any]]:
        return list(self._pods.values())

    def pod_of(self, replica: str) -> str:
        """The name of a replica's newest pod; empty if it has none."""
        found = [pod for pod in self._pods.values() if _replica(pod) == replica]
        return _name(max(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), default={}))

    @property
    def targets(self) -> list[Target]:
        """Everybody who is there now."""
        return targets(self._pods.values())

    @property
    def readable(self) -> list[Target]:
        """The proxies that can be asked now."""
        return readable(self.targets)

    @property
    def known(self) -> list[Target]:
        """Everybody who ever was in the mesh."""
        return list(self._known.values())


def _replica(pod: Mapping[str, Any]) -> str:
    return str(((pod.get("metadata") or {}).get("labels") or {}).get(REPLICA_LABEL, ""))


def _name(pod: Mapping[str, Any]) -> str:
    return str((pod.get("metadata") or {}).get("name", ""))
