"""What the demo's programs said of themselves, line by line: the only witness of what clients saw."""

import asyncio
import json
import re
from collections import Counter, deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from hauberk.runtime.latest import Latest

REQUESTS_KEPT_MAX = 20_000
_STATUS = re.compile(r"\d{3}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the load, as its client saw it. Times are monotonic seconds of its machine."""

    id: str
    began_s: float
    ended_s: float
    status: int | None
    by: str | None
    """The replica that answered."""
    on_purpose: bool
    """A failure that the replica makes on purpose, by its own marker."""
    reason: str
    """What went wrong, if something did."""

    @property
    def lost(self) -> bool:
        """Not answered by the program as the program meant to."""
        return self.status != 200 and not self.on_purpose


class Journal:
    def __init__(self) -> None:
        self.requests: deque[Request] = deque(maxlen=REQUESTS_KEPT_MAX)
        """The latest ones."""
        self.heard = 0
        """How many requests there were in all."""
        self.quotes: Counter[str] = Counter()
        """Outcomes of the gRPC client, by status."""
        self.refusals: Counter[str] = Counter()
        """What the intruder got, by HTTP status (000: no answer)."""
        self.in_progress: dict[str, set[str]] = {}
        """Requests that a web replica has begun and not ended, by replica."""
        self.traffic = asyncio.Event()
        """Set by the first answer that a client of the load got."""
        self._said = Latest(None)
        self._closed = False
        self._waiting: dict[str, asyncio.Event] = {}

    def close(self) -> None:
        """Nothing is taken in any more: what clients see while they are ended proves nothing."""
        self._closed = True

    def load_said(self, line: str) -> None:
        raw = _object(line)
        if raw is None or self._closed:
            return
        self.requests.append(_request(raw))
        self.heard += 1
        self.traffic.set()
        self._said.set(None)

    def asker_said(self, line: str) -> None:
        if (raw := _object(line)) is not None and not self._closed:
            self.quotes[str(raw.get("status"))] += 1
            self._said.set(None)

    def intruder_said(self, line: str) -> None:
        status = line.strip()
        if not self._closed:
            self.refusals[status if _STATUS.fullmatch(status) else "no status"] += 1
            self._said.set(None)

    def web_said(self, replica: str, line: str) -> None:
        verb, _, about = line.partition(" ")
        begun = self.in_progress.setdefault(replica, set())
        if verb == "begin":
            begun.add(about)
            if (waiting := self._waiting.pop(replica, None)) is not None:
                waiting.set()
        elif verb == "end":
            begun.discard(about)

    def since(self, heard: int) -> list[Request]:
        """The requests after the first `heard` ones, as far as they are kept."""
        kept = list(self.requests)
        return kept[max(len(kept) - (self.heard - heard), 0) :]

    async def until(self, true: Callable[[], bool]) -> None:
        """Returns once it is true; looked at whenever a client has said something."""
        async with aclosing(self._said.watch()) as lines:
            async for _ in lines:
                if true():
                    return

    async def until_begun(self, replica: str) -> None:
        """Returns as soon as the replica has begun one more request."""
        await self._waiting.setdefault(replica, asyncio.Event()).wait()


def _request(raw: dict[str, object]) -> Request:
    status, began_s, ended_s = raw.get("status"), raw.get("at"), raw.get("ended")
    return Request(
        id=str(raw.get("id")),
        began_s=began_s if isinstance(began_s, float) else 0.0,
        ended_s=ended_s if isinstance(ended_s, float) else 0.0,
        status=status if isinstance(status, int) else None,
        by=None if raw.get("by") is None else str(raw["by"]),
        on_purpose=raw.get("on_purpose") is True,
        reason=str(raw.get("error") or raw.get("why") or ""),
    )


def _object(line: str) -> dict[str, object] | None:
    try:
        raw = json.loads(line)
    except ValueError:
        return None
    return raw if isinstance(raw, dict) else None
