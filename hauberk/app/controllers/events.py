"""Events (events.k8s.io/v1) at objects: a few of the same in a while, and never in anybody's way.

What is the same as something said a while ago is counted, and the next event of its kind tells how many there were: a
Deployment of a hundred pods needs one. In all, each replica makes `BURST` events at once and one every `EACH_S`
seconds afterwards, warnings and others apart; more are dropped. So neither a roll-out of thousands of pods nor somebody
who asks for nonsense all day fills the cluster's store, which keeps an event for an hour.
"""

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from hauberk.app.controllers.lease import datetime_text
from hauberk.client.errors import ApiError
from hauberk.client.kinds import EVENT, ApiKind
from hauberk.injector.cluster import Event
from hauberk.runtime.clock import Clock

BURST = 500
EACH_S = 0.5
REPEAT_S = 300.0
"""The same is not said again for so long, if nothing else is said."""
NOTE_MAX = 1000
"""Bytes; the API server takes 1,024."""
_REMEMBERED_MAX = 10_000

log = logging.getLogger(__name__)

Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Regarding:
    """The object that an event is at."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Note:
    """An event to be."""

    regarding: Regarding
    reason: str
    """CamelCase: what people filter by."""
    text: str
    warning: bool
    action: str
    """What was done, or was to be done (CamelCase)."""
    topic: str | None = None
    """What of the same object and reason counts as the same; None: the text."""
    every_s: float = REPEAT_S
    """How often the same is said at most."""


@dataclass
class _Said:
    at: float
    more: int = 0
    """How many times it was not said since."""


class _Allowance:
    """A bucket of tokens."""

    def __init__(self, now: float) -> None:
        self._left = float(BURST)
        self._at = now

    def take(self, now: float) -> bool:
        self._left, self._at = min(BURST, self._left + (now - self._at) / EACH_S), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Creating(Protocol):
    """What is needed of a client."""

    async def create(self, kind: ApiKind, manifest: Mapping[str, Any], /) -> object:
        """Raises ApiError."""
        ...


class Events:
    """`run` sends what was recorded."""

    def __init__(self, client: Creating, *, reporter: str, instance: str, clock: Clock) -> None:
        """`reporter` is the component, `instance` this replica of it."""
        self._client = client
        self._reporter = reporter
        self._instance = instance
        self._clock = clock
        self._waiting: asyncio.Queue[Note] = asyncio.Queue(2 * BURST)
        self._said: OrderedDict[Key, _Said] = OrderedDict()
        self._allowed = {warning: _Allowance(clock.monotonic()) for warning in (True, False)}

    def record(self, event: Event) -> None:
        """One of the injector's. Return at once."""
        owner = event.owner
        at = Regarding(
            api_version=owner.api_version,
            kind=owner.kind,
            namespace=event.namespace,
            name=owner.name,
            uid=owner.uid,
        )
        self.say(Note(regarding=at, reason=event.reason, text=event.message, warning=event.warning, action="Inject"))

    def say(self, note: Note) -> None:
        """Return at once."""
        now, at = self._clock.monotonic(), note.regarding
        topic = note.text if note.topic is None else note.topic
        key = (at.namespace, at.uid or f"{at.kind}/{at.name}", note.reason, topic)
        last = self._said.get(key)
        if last is not None and now - last.at < note.every_s:
            last.more += 1
            return
        self._said[key] = _Said(now)
        self._said.move_to_end(key)
        if len(self._said) > _REMEMBERED_MAX:
            self._said.popitem(last=False)
        if not self._allowed[note.warning].take(now):
            log.warning("too many events: one at %s %s is dropped", at.kind, at.name)
            return
        more = f" (and {last.more} more since the last time)" if last is not None and last.more else ""
        try:
            self._waiting.put_nowait(replace(note, text=_bounded(note.text, NOTE_MAX - len(more)) + more))
        except asyncio.QueueFull:
            log.warning("the API server takes no events: one at %s %s is dropped", at.kind, at.name)

    async def run(self) -> None:
        """Until cancelled. An event that cannot be sent is dropped: it is worth no second attempt."""
        while True:
            note = await self._waiting.get()
            try:
                await self._client.create(EVENT, self._document(note))
            except ApiError as error:
                log.warning("an event at %s %s cannot be made: %s", note.regarding.kind, note.regarding.name, error)

    def _document(self, note: Note) -> dict[str, Any]:
        at = note.regarding
        return {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": f"{at.name[:200]}.{uuid.uuid4().hex[:16]}", "namespace": at.namespace},
            "eventTime": datetime_text(self._clock.now()),
            "reportingController": self._reporter,
            "reportingInstance": self._instance,
            "action": note.action,
            "reason": note.reason,
            "note": note.text,
            "type": "Warning" if note.warning else "Normal",
            "regarding": {
                "apiVersion": at.api_version,
                "kind": at.kind,
                "name": at.name,
                "namespace": at.namespace,
                **({"uid": at.uid} if at.uid else {}),
            },
        }


def _bounded(text: str, most: int) -> str:
    """On one line: it may quote what somebody sent."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    raw = line.encode()
    return line if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"
