"""Free ports of the loopback, below those that the kernel gives to anybody (ip(7), ip_local_port_range)."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack

_FIRST, _LAST = 20_000, 32_000


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody listens on now; each process begins to look elsewhere."""
    with ExitStack() as stack:
        found = []
        for port in _candidates():
            sock = stack.enter_context(socket.socket())
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return tuple(found)
    raise AssertionError(f"there are no {count} free ports from {_FIRST} to {_LAST}")


def _candidates() -> Iterator[int]:
    first = random.Random(os.getpid()).randrange(_FIRST, _LAST)  # noqa: S311 - no secret
    yield from range(first, _LAST)
    yield from range(_FIRST, first)
