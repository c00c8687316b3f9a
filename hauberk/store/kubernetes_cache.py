"""What is known of a cluster, kind by kind, and the latest changes in the order in which they came. Pure.

Each kind has an order of its own: its changes come by rising revision. Between kinds there is only the order of
arrival. Not shared between threads.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from hauberk.model.kinds import Kind
from hauberk.model.resource import Resource
from hauberk.store.index import Index
from hauberk.store.kubernetes_reading import Item, LeftOut, Read
from hauberk.store.protocol import Event, Gone, Ref

Key = tuple[str, str]
"""Group and kind."""

_SLACK = 4
"""For so many changes that are kept there may be one more: to forget them one by one would cost more."""


def key_of(kind: Kind) -> Key:
    return (kind.group, kind.kind)


@dataclass(slots=True)
class _Progress:
    """How far a kind is known."""

    position: int
    floor: int
    """The revision up to which its changes are forgotten, or were never told."""
    begins: int
    """The place in the order of arrival from which its changes are told."""


class Cache:
    """Changes that come in are seen by readers at once."""

    def __init__(self, *, changes: int) -> None:
        """`changes` is how many are kept for readers that are behind."""
        self._index = Index()
        self._progress: dict[Key, _Progress] = {}
        self._left_out: dict[Ref, LeftOut] = {}
        self._arrivals: list[Event] = []
        self._first = 0
        self._most = changes

    @property
    def left_out(self) -> Mapping[Ref, LeftOut]:
        """The objects that are there and make no sense."""
        return self._left_out

    @property
    def newest(self) -> int:
        """The newest revision of which anything is known."""
        return max((progress.position for progress in self._progress.values()), default=0)

    def position(self, kind: Kind) -> int | None:
        """The revision up to which everything is known of a kind; None before its first listing."""
        progress = self._progress.get(key_of(kind))
        return None if progress is None else progress.position

    def list(self, kind: Kind, namespace: str | None) -> tuple[Resource, ...]:
        return self._index.list(kind, namespace)

    def count(self, kind: Kind) -> tuple[int, int]:
        """How many objects of a kind there are, and how many are left out."""
        return len(self._index.refs(kind)), sum(ref[:2] == key_of(kind) for ref in self._left_out)

    def get(self, ref: Ref) -> Resource | None:
        return self._index.get(ref)

    def listed(self, kind: Kind, items: Iterable[Item], revision: int) -> Sequence[Item]:
        """These and only these are the objects of the kind at this revision; return those that are new or changed.

        What differs from what was known becomes changes; a listing that is older than what was known (a cluster that
        was restored from a copy) has readers list again.
        """
        by_ref = {item.ref: item for item in items}
        gone = [ref for ref in self._refs(kind) if ref not in by_ref]
        new = [item for item in by_ref.values() if self._differs(item)]
        before = self.position(kind)
        if before is not None and revision < before:
            self._forget_all()
            before = None
        if before is None:
            begins = self._first + len(self._arrivals) + 1
            self._progress[key_of(kind)] = _Progress(revision, floor=revision, begins=begins)
        for told, item in sorted(((_told(item, before, revision), item) for item in new), key=itemgetter(0)):
            self._put(item, told, tell=before is not None)
        for ref in gone:
            self._remove(ref, revision)
        self.marked(kind, revision)
        return new

    def changed(self, kind: Kind, item: Item, *, deleted: bool) -> Sequence[Item]:
        """One object has changed, or is gone; return it if it is there."""
        if deleted:
            self._remove(item.ref, item.version)
        else:
            self._put(item, item.version)
        self.marked(kind, item.version)
        return () if deleted else (item,)

    def marked(self, kind: Kind, revision: int) -> None:
        """Everything up to this revision is known of the kind."""
        progress = self._progress[key_of(kind)]
        progress.position = max(progress.position, revision)

    def start(self, since: Mapping[Key, int]) -> int:
        """Return the place from which a reader misses nothing after these revisions. Raises Gone."""
        newest, ahead = self.newest, max(since.values(), default=0)
        if ahead > newest:
            raise Gone(f"revision {ahead} is ahead of the store, which is at {newest}")
        for key, revision in since.items():
            if key in self._progress and revision < self._progress[key].floor:
                raise self._gone(since)
        return self._first

    def after(self, place: int, since: Mapping[Key, int], *, most: int) -> tuple[int, Sequence[Event]]:
        """Return the changes after a place in the order of arrival, and the place after them.

        Of each kind that `since` names only those after that revision, and of others none. Raises Gone.
        """
        if place < self._first or any(self._unseen(key, revision, place) for key, revision in since.items()):
            raise self._gone(since)
        start = place - self._first
        events = self._arrivals[start : start + most]
        return place + len(events), [
            event for event in events if event.revision > since.get(_key(event.resource), event.revision)
        ]

    def _unseen(self, key: Key, revision: int, place: int) -> bool:
        """Whether a listing that no changes tell of has come since the reader began."""
        progress = self._progress.get(key)
        return progress is not None and place < progress.begins and revision < progress.floor

    def _refs(self, kind: Kind) -> Iterator[Ref]:
        yield from self._index.refs(kind)
        yield from [ref for ref in self._left_out if ref[:2] == key_of(kind)]

    def _differs(self, item: Item) -> bool:
        known = self._index.get(item.ref)
        if known is not None:
            return isinstance(item, LeftOut) or known.metadata.resource_version != str(item.version)
        left_out = self._left_out.get(item.ref)
        return left_out is None or left_out.version != item.version

    def _put(self, item: Item, revision: int, *, tell: bool = True) -> None:
        if isinstance(item, Read):
            self._left_out.pop(item.ref, None)
            self._index.put(item.resource)
            if tell:
                self._tell(Event("put", item.resource, revision))
            return
        # What no longer makes sense is, to readers, no longer there.
        self._remove(item.ref, revision)
        if item.reason:
            self._left_out[item.ref] = item

    def _remove(self, ref: Ref, revision: int) -> None:
        self._left_out.pop(ref, None)
        known = self._index.get(ref)
        if known is not None:
            self._index.remove(ref)
            self._tell(Event("delete", known, revision))

    def _tell(self, event: Event) -> None:
        self._arrivals.append(event)
        if len(self._arrivals) > self._most + self._most // _SLACK:
            self._forget(len(self._arrivals) - self._most)

    def _forget(self, count: int) -> None:
        for event in self._arrivals[:count]:
            progress = self._progress[_key(event.resource)]
            progress.floor = max(progress.floor, event.revision)
        del self._arrivals[:count]
        self._first += count

    def _forget_all(self) -> None:
        """And have also those readers list again who had seen everything."""
        self._first += len(self._arrivals) + 1
        self._arrivals.clear()

    def _gone(self, since: Mapping[Key, int]) -> Gone:
        floor = max(progress.floor for key, progress in self._progress.items() if key in since)
        return Gone(f"changes up to revision {floor} are no longer kept, and {min(since.values())} was asked for")


def _told(item: Item, before: int | None, revision: int) -> int:
    """The revision under which a change is told that was found in a listing.

    It has to be later than all that was known; only of a kind that was hidden until now is an object older than that.
    """
    return item.version if before is None or item.version > before else revision


def _key(resource: Resource) -> Key:
    return (resource.group, resource.kind)
