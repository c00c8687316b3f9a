"""Who is in the mesh and who is ready, as the control plane says."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from demo import scene
from hauberk.client.api import Client
from hauberk.client.watching import Deleted, Listed, Put, WatchEvent
from hauberk.model.kinds import by_kind
from hauberk.runtime.clock import Clock
from hauberk.runtime.latest import Latest
from hauberk.telemetry.target import Target, readable, targets

REPLICA_LABEL = "replica"


class Roster:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pods: dict[str, Mapping[str, Any]] = {}
        self._known: dict[str, Target] = {}
        self.ready_at_s: dict[str, float] = {}
        """When each replica was first said to be ready, in monotonic seconds."""
        self._ready = Latest[frozenset[str]](frozenset())

    async def follow(self, client: Client) -> None:
        """Keeps up with the control plane until cancelled."""
        kind = by_kind("", "Pod")
        if kind is None:
            raise RuntimeError("the model has no Pod")
        async with aclosing(client.watch(kind, namespace=scene.NAMESPACE)) as events:
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
        ready = frozenset(_replicas_ready(self._pods.values()))
        for replica in ready:
            self.ready_at_s.setdefault(replica, self._clock.monotonic())
        if ready != self._ready.value:
            self._ready.set(ready)

    async def until_ready(self, replicas: Collection[str]) -> None:
        """Returns as soon as all of them are ready at the same time."""
        async with aclosing(self._ready.watch()) as states:
            async for ready in states:
                if ready.issuperset(replicas):
                    return

    @property
    def ready(self) -> frozenset[str]:
        return self._ready.value

    @property
    def readable(self) -> list[Target]:
        """The proxies that can be asked now."""
        return readable(targets(self._pods.values()))

    @property
    def known(self) -> list[Target]:
        """Everybody who ever was in the mesh."""
        return list(self._known.values())


def _replicas_ready(pods: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for pod in pods:
        conditions = (pod.get("status") or {}).get("conditions") or ()
        if any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions):
            yield str(((pod.get("metadata") or {}).get("labels") or {}).get(REPLICA_LABEL, ""))


def _name(pod: Mapping[str, Any]) -> str:
    return str((pod.get("metadata") or {}).get("name", ""))
