"""Which resources have another status than they should. Pure."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from hauberk.catalog.index import Key
from hauberk.catalog.kinds import Name, name_of
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.status.rate_limit import rate_limit_status
from hauberk.status.route import route_status

Reported = HTTPRoute | GRPCRoute | HTTPLocalRateLimitPolicy


def with_status(mesh: Mesh, snapshot: Snapshot, resource: Reported, now: datetime) -> Reported:
    """The resource with the status that it should have; the same object where it has it.

    It may be newer than the snapshot: whoever writes asks once more with what is stored at that moment.
    """
    if isinstance(resource, HTTPLocalRateLimitPolicy):
        limits = rate_limit_status(snapshot, resource, now)
        return resource if limits is resource.status else replace(resource, status=limits)
    status = route_status(mesh, snapshot, resource, now)
    return resource if status is resource.status else replace(resource, status=status)


class Report:
    """Follows snapshots, and looks only at what a change concerns.

    Level-triggered: what differs is named until it does not, whether somebody tried to write it or not.
    """

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._snapshot = Snapshot.empty()
        self._known: dict[Name, Reported] = {}
        self._reads: dict[Name, frozenset[Key]] = {}
        self._readers: dict[Key, set[Name]] = {}
        self._differing: dict[Name, Reported] = {}

    def differing(self, snapshot: Snapshot, now: datetime) -> tuple[Reported, ...]:
        """The resources, as the snapshot has them, with the status that they should have and do not."""
        changed = snapshot.changed_since(self._snapshot)
        self._snapshot = snapshot
        concerned = {name for key in changed for name in self._readers.get(key, ())}
        if any(key[0] == "reported" for key in changed):
            concerned.update(self._changed(snapshot))
        for name in concerned & self._known.keys():
            self._look(name, now)
        return tuple(self._differing.values())

    def _changed(self, snapshot: Snapshot) -> Iterator[Name]:
        present = {name_of(resource): resource for resource in snapshot.reported()}
        for name in self._known.keys() - present.keys():
            self._read(name, frozenset())
            self._differing.pop(name, None)
        before, self._known = self._known, present
        return (name for name, resource in present.items() if before.get(name) is not resource)

    def _look(self, name: Name, now: datetime) -> None:
        reads: set[Key] = set()
        resource = self._known[name]
        wanted = with_status(self._mesh, self._snapshot.recording(reads), resource, now)
        self._read(name, frozenset(reads))
        if wanted is resource:
            self._differing.pop(name, None)
        else:
            self._differing[name] = wanted

    def _read(self, name: Name, keys: frozenset[Key]) -> None:
        """What the status of a resource depends on by now."""
        before = self._reads.pop(name, frozenset())
        for key in before - keys:
            self._readers[key].discard(name)
            if not self._readers[key]:
                del self._readers[key]
        for key in keys - before:
            self._readers.setdefault(key, set()).add(name)
        if keys:
            self._reads[name] = keys
