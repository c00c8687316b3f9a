"""Pauses between attempts."""

from random import Random
from typing import Self


class Backoff:
    """An endless iterator of pauses in seconds: each twice as long as the one before, up to a maximum. Pure.

    Each pause is lengthened by a random part of itself, at most `jitter` (0.5: up to half), so that many who failed
    together do not come back together.
    """

    def __init__(self, min_s: float, max_s: float, jitter: float, rng: Random) -> None:
        if not (0 < min_s <= max_s and jitter >= 0):
            raise ValueError(f"back-off from {min_s} s to {max_s} s with jitter {jitter} makes no sense")
        self._min_s = min_s
        self._max_s = max_s
        self._jitter = jitter
        self._rng = rng
        self._next_s = min_s

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> float:
        pause_s = self._next_s
        self._next_s = min(self._next_s * 2, self._max_s)
        return pause_s * (1 + self._jitter * self._rng.random())

    def reset(self) -> None:
        """Start from the shortest pause again: an attempt succeeded."""
        self._next_s = self._min_s
