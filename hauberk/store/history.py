"""The latest changes, by revision: what watchers that were away can be told. Not shared between threads."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hauberk.store.protocol import Event, Gone


@dataclass(frozen=True)
class Retention:
    """How much of the past is kept."""

    events: int = 10_000
    age: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    event: Event
    at: datetime


class History:
    """Bounded; whatever is older than `floor` is forgotten."""

    def __init__(self, retention: Retention, *, floor: int = 0, entries: Iterable[Entry] = ()) -> None:
        """`floor` is the revision up to which changes are forgotten; `entries` are all changes since."""
        self._retention = retention
        self._entries = list(entries)
        self._floor = floor

    @property
    def floor(self) -> int:
        return self._floor

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)

    def compact(self, now: datetime) -> int:
        """Forget what need not be kept, and return the floor."""
        count = max(0, len(self._entries) - self._retention.events)
        oldest = now - self._retention.age
        while count < len(self._entries) and self._entries[count].at < oldest:
            count += 1
        if count:
            self._floor = self._entries[count - 1].event.revision
            del self._entries[:count]
        return self._floor

    def after(self, revision: int, *, newest: int, limit: int) -> list[Event]:
        """Return the first changes after a revision; raises Gone if some of them are forgotten, or never were.

        `newest` is the revision of the store.
        """
        if revision < self._floor:
            raise Gone(f"changes up to revision {self._floor} are no longer kept, and {revision} was asked for")
        if revision > newest:
            raise Gone(f"revision {revision} is ahead of the store, which is at {newest}")
        first = bisect_right(self._entries, revision, key=lambda entry: entry.event.revision)
        return [entry.event for entry in self._entries[first : first + limit]]
