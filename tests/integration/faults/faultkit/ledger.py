"""What programs did, by the request's name."""

import hashlib
import threading
from collections import Counter


class Ledger:
    """Counts how often each request was carried out: it was there to its last byte."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: Counter[str] = Counter()
        self.damaged: list[str] = []
        """Requests whose body was not the one that belongs to their name."""

    def carry_out(self, name: str, body: bytes, *, length: int | None = None) -> bytes:
        """Return the answer's body. `length`: of the request's, where a part of it must not pass for the whole."""
        with self._lock:
            self._done[name] += 1
            if body != body_of(name, len(body) if length is None else length):
                self.damaged.append(name)
        return answer_to(name)

    def total(self) -> int:
        with self._lock:
            return self._done.total()

    def times(self, name: str) -> int:
        with self._lock:
            return self._done[name]


def body_of(name: str, length: int) -> bytes:
    """The request's body."""
    seed = hashlib.sha256(name.encode()).digest()
    return (seed * (length // len(seed) + 1))[:length]


def answer_to(name: str) -> bytes:
    return name.encode() + b" " + hashlib.sha256(name.encode()).hexdigest().encode()
