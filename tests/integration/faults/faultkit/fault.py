"""What is done to one direction of a connection, decided piece by piece. No I/O."""

from dataclasses import dataclass
from enum import Enum


class Direction(Enum):
    """Seen from who opened the connection."""

    UP = "up"
    DOWN = "down"


class End(Enum):
    """How a connection ends, for both sides: in order, or by a reset."""

    FIN = "fin"
    RST = "rst"


@dataclass(frozen=True)
class Cut:
    """Lets `after` more bytes of the direction pass, and then ends the connection."""

    direction: Direction
    after: int
    end: End


@dataclass
class Meter:
    """Counts the bytes of one direction, and knows at which the connection is cut."""

    passed: int = 0
    _last: int | None = None
    end: End | None = None

    def arm(self, cut: Cut) -> None:
        self._last, self.end = self.passed + cut.after, cut.end

    def disarm(self) -> None:
        self._last = self.end = None

    def take(self, offered: int) -> int:
        """How many of the offered bytes pass; they count as passed."""
        taken = offered if self._last is None else min(offered, self._last - self.passed)
        self.passed += taken
        return taken

    @property
    def is_cut(self) -> bool:
        return self._last is not None and self.passed >= self._last
