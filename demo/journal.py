"""What the demo's programs said of themselves, line by line: the only witness of what clients saw."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the load, as its client saw it. Times are monotonic seconds of this machine."""

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
        self.requests: list[Request] = []
        self.quotes: Counter[str] = Counter()
        """Outcomes of the gRPC client, by status."""
        self.refusals: Counter[str] = Counter()
        """What the intruder got, by HTTP status (000: no answer)."""
        self.in_progress: dict[str, set[str]] = {}
        """Requests that a web replica has begun and not ended, by replica."""

    def load_said(self, line: str) -> None:
        raw = _object(line)
        if raw is None:
            return
        self.requests.append(
            Request(
                id=str(raw.get("id")),
                began_s=float(str(raw.get("at", 0))),
                ended_s=float(str(raw.get("ended", 0))),
                status=int(str(raw["status"])) if "status" in raw else None,
                by=None if raw.get("by") is None else str(raw["by"]),
                on_purpose=bool(raw.get("on_purpose")),
                reason=str(raw.get("error") or raw.get("why") or ""),
            ),
        )

    def asker_said(self, line: str) -> None:
        if (raw := _object(line)) is not None:
            self.quotes[str(raw.get("status"))] += 1

    def intruder_said(self, line: str) -> None:
        self.refusals[line.strip()] += 1

    def web_said(self, replica: str, line: str) -> None:
        verb, _, about = line.partition(" ")
        begun = self.in_progress.setdefault(replica, set())
        if verb == "begin":
            begun.add(about)
        elif verb == "end":
            begun.discard(about)


def _object(line: str) -> dict[str, object] | None:
    try:
        raw = json.loads(line)
    except ValueError:
        return None
    return raw if isinstance(raw, dict) else None
