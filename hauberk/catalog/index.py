"""A persistent multimap: key → the values filed under it, in a fixed order."""

from bisect import insort
from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, TypeVar

V = TypeVar("V")

Key = tuple[str, ...]
"""The topic first, then what identifies an entry within it, such as `("pods-at", "10.77.0.12")`."""

SHARDS = 1024
"""Power of two. A write copies one shard and the list of shards: a few microseconds at 100,000 keys."""


class Index(Generic[V]):
    """Immutable: `filed` and `unfiled` return a new index that shares all but one shard with the old one.

    `order` sorts the values under one key, so that the same values give the same tuple whatever the order of arrival;
    it must tell any two values apart. Values are compared by identity: file the same object that is to be unfiled.
    """

    __slots__ = ("_order", "_shards")

    def __init__(self, order: Callable[[V], Any], shards: tuple[dict[Key, tuple[V, ...]], ...] | None = None) -> None:
        self._order = order
        self._shards = ({},) * SHARDS if shards is None else shards

    def at(self, key: Key) -> tuple[V, ...]:
        """What is filed under the key; empty where nothing is."""
        return self._shards[hash(key) & (SHARDS - 1)].get(key, ())

    def filed(self, key: Key, value: V) -> Self:
        entries = list(self.at(key))
        insort(entries, value, key=self._order)
        return self._with(key, tuple(entries))

    def unfiled(self, key: Key, value: V) -> Self:
        return self._with(key, tuple(entry for entry in self.at(key) if entry is not value))

    def changed_since(self, older: Self) -> Iterator[Key]:
        """The keys whose entries differ. Shards that both share cost one comparison of pointers."""
        for mine, theirs in zip(self._shards, older._shards, strict=True):
            if mine is theirs:
                continue
            for key in mine.keys() | theirs.keys():
                if mine.get(key, ()) is not theirs.get(key, ()) and mine.get(key, ()) != theirs.get(key, ()):
                    yield key

    def items(self) -> dict[Key, tuple[V, ...]]:
        """Everything, for tests and diagnostics; costs a copy."""
        return {key: entries for shard in self._shards for key, entries in shard.items()}

    def _with(self, key: Key, entries: tuple[V, ...]) -> Self:
        place = hash(key) & (SHARDS - 1)
        shard = dict(self._shards[place])
        if entries:
            shard[key] = entries
        else:
            shard.pop(key, None)
        return type(self)(self._order, (*self._shards[:place], shard, *self._shards[place + 1 :]))
