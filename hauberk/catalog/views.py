"""The questions asked at present, each with one answer that all who ask it share."""

import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

from hauberk.catalog.index import Key
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.runtime.latest import Latest

Q = TypeVar("Q", bound=Hashable)
A = TypeVar("A")
T = TypeVar("T")

ANSWERS_PER_STEP = 50
"""How many answers are computed before other tasks get a turn; some milliseconds."""

log = logging.getLogger(__name__)


class View(Generic[A]):
    """One question's current answer, and what was derived from it."""

    def __init__(self, answer: A, reads: frozenset[Key]) -> None:
        self.latest: Latest[A] = Latest(answer)
        self.reads = reads
        self.streams = 0
        self.behind: Version | None = None
        """Set while the answer waits to be computed again: the last version at which it held."""
        self._derived: dict[Hashable, Any] = {}

    def shared(self, key: Hashable, make: Callable[[], T]) -> T:
        """`make()`, called once for all streams; kept until the answer changes."""
        if key not in self._derived:
            self._derived[key] = make()
        return cast("T", self._derived[key])

    def replace(self, answer: A, reads: frozenset[Key]) -> None:
        self.reads, self.behind = reads, None
        if answer != self.latest.value:
            self._derived.clear()
            self.latest.set(answer)


class Views(Generic[Q, A]):
    """Keeps the answers to open questions true, at the cost of only those that a change concerns.

    `decide` is pure. Level-triggered: `refresh` compares two snapshots, whatever happened in between.
    """

    def __init__(self, decide: Callable[[Snapshot, Q], A], snapshot: Snapshot) -> None:
        self._decide = decide
        self._snapshot = snapshot
        self._views: dict[Q, View[A]] = {}
        self._readers: dict[Key, set[Q]] = {}
        self._stale: set[Q] = set()
        self._applied = snapshot.version

    def __len__(self) -> int:
        return len(self._views)

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def applied(self) -> Version:
        """The version that every answer reflects."""
        return self._applied

    def version_of(self, view: View[A]) -> Version:
        """The newest version at which the view's answer is known to hold."""
        return view.behind or self._snapshot.version

    @contextmanager
    def open(self, question: Q) -> Iterator[View[A]]:
        """The view of a question, for as long as a stream needs it."""
        view = self._views.get(question)
        if view is None:
            view = self._views[question] = View(*self._computed(question))
            self._register(question, view.reads)
        view.streams += 1
        try:
            yield view
        finally:
            view.streams -= 1
            if not view.streams:
                del self._views[question]
                self._unregister(question, view.reads)
                self._stale.discard(question)

    def refresh(self, snapshot: Snapshot) -> Iterator[None]:
        """Moves every answer to the snapshot; yields now and then, so that other tasks get a turn."""
        older, self._snapshot = self._snapshot, snapshot
        for key in snapshot.changed_since(older):
            for question in self._readers.get(key, ()):
                self._stale.add(question)
                view = self._views[question]
                view.behind = view.behind or older.version
        done = 0
        while self._stale:
            self._recompute(self._stale.pop())
            done += 1
            if done % ANSWERS_PER_STEP == 0:
                yield
        self._applied = snapshot.version

    def _recompute(self, question: Q) -> None:
        view = self._views[question]
        try:
            answer, reads = self._computed(question)
        except Exception:
            # A defect of ours concerning one question must not stop the others; its last good answer stays, with its
            # old version, and is tried again at the next change of what it read.
            log.exception("the answer to %s cannot be computed; the last one stays", question)
            return
        if reads != view.reads:
            self._unregister(question, view.reads)
            self._register(question, reads)
        view.replace(answer, reads)

    def _computed(self, question: Q) -> tuple[A, frozenset[Key]]:
        reads: set[Key] = set()
        answer = self._decide(self._snapshot.recording(reads), question)
        return answer, frozenset(reads)

    def _register(self, question: Q, reads: frozenset[Key]) -> None:
        for key in reads:
            self._readers.setdefault(key, set()).add(question)

    def _unregister(self, question: Q, reads: frozenset[Key]) -> None:
        for key in reads:
            questions = self._readers[key]
            questions.discard(question)
            if not questions:
                del self._readers[key]
