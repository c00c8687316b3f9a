"""Clients that go on asking while a test breaks something."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from meshkit.http import Answer, Http
from meshkit.until import until

_PAUSE_S = 0.005
_JOIN_S = 15.0


class Load:
    """Threads with one kept connection each. `failures` says what went wrong with a request, in words."""

    def __init__(self, client: Callable[[], Http], path: str = "/about", *, threads: int = 4) -> None:
        self._client, self._path = client, path
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, name=f"load-{n}") for n in range(threads)]
        self.answered = 0
        self.by: Counter[str] = Counter()
        """Answers by who gave them."""
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.go_on(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
            assert not thread.is_alive(), "a request hangs"

    def go_on(self, count: int) -> None:
        """Wait until so many more requests are done."""
        enough = self.done + count
        until(f"{count} more requests", lambda: self.done >= enough, seen=lambda: self.failures[:5])

    @property
    def done(self) -> int:
        return self.answered + len(self.failures)

    def _run(self) -> None:
        with self._client() as connection:
            while not self._ended.is_set():
                began = time.monotonic()
                try:
                    self._count(connection.get(self._path), began)
                except (OSError, http.client.HTTPException) as error:
                    connection.close()
                    with self._lock:
                        self.failures.append(f"{error!r} after {time.monotonic() - began:.3f} s")
                self._ended.wait(_PAUSE_S)

    def _count(self, answer: Answer, began: float) -> None:
        with self._lock:
            if answer.status == 200:
                self.answered += 1
                self.by[answer.headers.get("x-served-by", "")] += 1
            else:
                reason = answer.headers.get("l5d-proxy-error", answer.body[:100])
                self.failures.append(f"{answer.status} ({reason!r}) after {time.monotonic() - began:.3f} s")
