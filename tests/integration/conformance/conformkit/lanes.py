"""The same bytes to a proxy and to nginx, several connections at a time, each in a lane of its own."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from conformkit.corpus import Case
from conformkit.exchange import exchange
from conformkit.judge import Outcome, shown
from conformkit.recorder import Recorder

LANES = 8
ANSWERED_WITHIN_S = 5.0
"""Nothing takes long: each client ends its side at once."""

Connect = Callable[[], socket.socket]


class Side:
    """One reader of the requests, and the program behind it."""

    def __init__(self, connect: Connect, recorder: Recorder) -> None:
        self._connect, self._recorder = connect, recorder

    def outcome(self, raw: bytes) -> Outcome:
        sock = self._connect()
        sock.settimeout(ANSWERED_WITHIN_S)
        answers = exchange(sock, raw)
        return Outcome(self._recorder.take(), answers)


Lane = tuple[Side, Side]
"""The proxy, nginx."""


def tcp(address: tuple[str, int]) -> Connect:
    return lambda: socket.create_connection(address)


def unix(path: Path) -> Connect:
    def connect() -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        return sock

    return connect


Judge = Callable[[Case, Outcome, Outcome], list[str]]


def compare(lanes: Sequence[Lane], tried: Sequence[Case], judge: Judge) -> dict[str, str]:
    """What is wrong, by the name of the case."""
    found: dict[str, str] = {}

    def run(lane: Lane, share: Iterator[Case]) -> None:
        for case in share:
            ours, theirs = (side.outcome(case.raw) for side in lane)
            if wrong := judge(case, ours, theirs):
                found[case.name] = shown(case, ours, theirs, wrong)

    threads = [
        threading.Thread(target=run, args=(lane, itertools.islice(tried, number, None, len(lanes))))
        for number, lane in enumerate(lanes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
