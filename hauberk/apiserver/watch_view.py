"""What one watcher is told: changes of the store turned into changes of the collection that it selected. Pure.

An object that begins to match is ADDED, one that ceases to match is DELETED, whatever happened to it in the store.
"""

from collections.abc import Iterable
from typing import Literal

from hauberk.apiserver.selection import Selection
from hauberk.model.resource import Resource
from hauberk.store.protocol import Event

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

_Key = tuple[str, str]


class WatchView:
    """The objects that a watcher knows of."""

    def __init__(self, selection: Selection, *, namespace: str | None, replayed_to: int) -> None:
        """`replayed_to` is the revision at the start: what changed before it may or may not be known to the watcher."""
        self._selection = selection
        self._namespace = namespace
        self._replayed_to = replayed_to
        self._known: set[_Key] = set()

    def begin(self, known: Iterable[Resource]) -> list[Resource]:
        """Take what the watcher knows already, or is about to be told; returns those that it selected."""
        selected = [resource for resource in known if self._accepts(resource)]
        self._known = {_key(resource) for resource in selected}
        return selected

    def change(self, event: Event) -> ChangeType | None:
        """Return what the watcher is told about this event; None if it does not concern the watcher."""
        key = _key(event.resource)
        if self._namespace is not None and key[0] != self._namespace:
            return None
        was_known = key in self._known
        if event.type == "put" and self._accepts(event.resource):
            self._known.add(key)
            return "MODIFIED" if was_known else "ADDED"
        self._known.discard(key)
        # During the replay it is not known whether the object matched before. To delete what a watcher does not have
        # does no harm; not to delete what it has would.
        return "DELETED" if was_known or self._may_have_been_known(event) else None

    def _may_have_been_known(self, event: Event) -> bool:
        if event.revision > self._replayed_to:
            return False
        name, namespace = event.resource.metadata.name, event.resource.metadata.namespace or ""
        by_name = Selection((), self._selection.name, self._selection.namespace, self._selection.not_names)
        return by_name.accepts(name=name, namespace=namespace, labels={})

    def _accepts(self, resource: Resource) -> bool:
        meta = resource.metadata
        if self._namespace is not None and meta.namespace != self._namespace:
            return False
        return self._selection.accepts(name=meta.name, namespace=meta.namespace or "", labels=meta.labels)


def _key(resource: Resource) -> _Key:
    return (resource.metadata.namespace or "", resource.metadata.name)
