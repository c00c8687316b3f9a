"""The one writer of the index: three verbs in, snapshots out."""

from collections.abc import Iterable

from hauberk.catalog.index import Index
from hauberk.catalog.kinds import Name, Resource, entries, name_of, order, relevant
from hauberk.catalog.snapshot import Snapshot, Version


class Join:
    """Not shared between tasks; the snapshots it gives are."""

    def __init__(self) -> None:
        self._held: dict[Name, Resource] = {}
        self._index: Index[Resource] = Index(order)

    def put(self, resource: Resource) -> None:
        """There is this resource now, new or changed."""
        name, new = name_of(resource), relevant(resource)
        old = self._held.get(name)
        if old == new:
            return
        if old is not None:
            self._unfile(old)
        self._held[name] = new
        for key in entries(new):
            self._index = self._index.filed(key, new)

    def delete(self, resource: Resource) -> None:
        """There is no resource of this name any more; harmless where there was none."""
        self._drop(name_of(resource))

    def reset(self, group: str, kind: str, live: Iterable[Resource]) -> None:
        """These and only these are the resources of the kind."""
        resources = {name_of(resource): resource for resource in live}
        for name in [name for name in self._held if name[:2] == (group, kind) and name not in resources]:
            self._drop(name)
        for resource in resources.values():
            self.put(resource)

    def at(self, version: Version) -> Snapshot:
        """What is known now, under the version that the store gives it."""
        return Snapshot(version, self._index)

    def _drop(self, name: Name) -> None:
        old = self._held.pop(name, None)
        if old is not None:
            self._unfile(old)

    def _unfile(self, resource: Resource) -> None:
        for key in entries(resource):
            self._index = self._index.unfiled(key, resource)
