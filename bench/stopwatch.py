"""`python -m bench.stopwatch`: starts a proxy again and again, and says how long it and its certificate took.

In: an Order as JSON. Out: a list of Taken. Stands between the proxy and the identity service, so it sees
when the proxy begins to ask (the connection is opened) and when it has its answer (the last bytes before it is ready).
What the two say to each other in between, TLS included, is the round trip of the certificate.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

PREFIX = "LINKERD2_PROXY_"
_ADMIN = ("127.0.0.1", 24191)
_PORTS = {
    "INBOUND_LISTEN_ADDR": "127.0.0.1:24143",
    "OUTBOUND_LISTEN_ADDR": "127.0.0.1:24140",
    "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:24140",
    "CONTROL_LISTEN_ADDR": "127.0.0.1:24190",
    "ADMIN_LISTEN_ADDR": f"{_ADMIN[0]}:{_ADMIN[1]}",
}
_LOOK_EVERY_S = 0.0005
_TIMEOUT_S = 10.0
_PIECE = 65536


@dataclass(frozen=True)
class Order:
    binary: str
    environment: Mapping[str, str]
    """Of a proxy of the same workload."""
    folder: str
    """Where keys may be made."""
    core: int
    starts: int


@dataclass
class Between:
    """A relay to the identity service for one proxy, with its times."""

    target: tuple[str, int]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    opened: float | None = None
    answered: float | None = None

    def serve(self) -> None:
        """Carries the first connection; ends with it."""
        near, _ = self.listener.accept()
        self.opened = time.monotonic()
        far = socket.create_connection(self.target)
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._carry, args=(near, far), daemon=True).start()
        self._carry(far, near, answers=True)

    def _carry(self, source: socket.socket, sink: socket.socket, *, answers: bool = False) -> None:
        try:
            while piece := source.recv(_PIECE):
                sink.sendall(piece)
                if answers:
                    self.answered = time.monotonic()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the proxy has what it asked for, or was ended


class Taken(NamedTuple):
    """Seconds, from the start of the process."""

    asked: float
    answered: float
    ready: float


def main() -> None:
    order = Order(**json.load(sys.stdin))
    print(json.dumps([_time(order) for _ in range(order.starts)]))


def _time(order: Order) -> Taken:
    host, _, port = order.environment[f"{PREFIX}IDENTITY_SVC_ADDR"].rpartition(":")
    between = Between((host, int(port)))
    threading.Thread(target=between.serve, daemon=True).start()
    with tempfile.TemporaryDirectory(dir=order.folder) as keys:
        changed = {
            **_PORTS,
            "IDENTITY_DIR": keys,
            "IDENTITY_SVC_ADDR": "{}:{}".format(*between.listener.getsockname()),
        }
        environment = {**order.environment, **{PREFIX + name: value for name, value in changed.items()}}
        began = time.monotonic()
        with subprocess.Popen([order.binary], env=environment, stdout=sys.stderr) as proxy:
            os.sched_setaffinity(proxy.pid, {order.core})
            try:
                ready = _wait(proxy, began + _TIMEOUT_S)
            finally:
                proxy.kill()
    if between.opened is None or between.answered is None:
        raise RuntimeError("the proxy became ready without asking for a certificate")
    return Taken(between.opened - began, between.answered - began, ready - began)


def _wait(proxy: subprocess.Popen[bytes], until: float) -> float:
    """When the proxy was ready."""
    while time.monotonic() < until and proxy.poll() is None:
        if _is_ready():
            return time.monotonic()
        time.sleep(_LOOK_EVERY_S)
    raise RuntimeError(f"the proxy is not ready within {_TIMEOUT_S:.0f} s, or ended")


def _is_ready() -> bool:
    try:
        with socket.create_connection(_ADMIN, timeout=1) as connection:
            connection.sendall(b"GET /ready HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\r\n")
            return connection.recv(_PIECE).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


if __name__ == "__main__":
    main()
