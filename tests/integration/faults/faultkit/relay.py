"""The relay: a thread that stands in the way of a workload's connections."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from meshkit import namespace
from meshkit.workload import PROXY_UID

from faultkit.fault import Cut, Direction, End
from faultkit.link import Link
from faultkit.way import Weather

MARK = 0xFA17
"""On the relay's own connections, which the packet filter therefore leaves alone."""
_SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h
_WITHIN_S = 10.0

T = TypeVar("T")


class Relay:
    """Listens in the network namespace of the process `pid`, as the user of proxies: the guard there lets no other out.

    Connections go on to where the packet filter took them from. Until something is asked for, bytes pass as they are.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._loop = asyncio.new_event_loop()
        self._weather = Weather()
        self._links: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening = self._listen(0)
        self._accepting: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="relay")
        self.accepted = 0

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._begin)
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN_S)
        assert not self._thread.is_alive(), "the relay hangs"
        self._loop.close()

    # What is done to connections.

    @contextmanager
    def cutting(self, cut: Cut) -> Iterator[None]:
        """Every connection that is open now is cut after so many more bytes, if they come meanwhile."""
        self._each(lambda link: link.arm(cut))
        try:
            yield
        finally:
            self._each(Link.disarm)

    def cut(self, end: End = End.RST) -> None:
        """Cut every connection now."""
        self._each(lambda link: link.finish(end))

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing passes any more and nobody is told; what comes meanwhile passes later."""
        self._do(self._weather.calm.clear)
        try:
            yield
        finally:
            self._do(self._weather.calm.set)

    @contextmanager
    def slow(self, *, delay_s: float = 0.0, rate: float | None = None) -> Iterator[None]:
        """Each direction takes so long, and carries so many bytes a second for each connection."""
        self._weather.delay_s, self._weather.rate = delay_s, rate
        try:
            yield
        finally:
            self._weather.delay_s, self._weather.rate = 0.0, None

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Every connection is cut, and new ones are refused."""
        port = self.port
        self._do(self._refuse)
        self.cut()
        try:
            yield
        finally:
            self._listening = self._listen(port)
            self._do(self._begin)

    # What is seen of them.

    def open(self) -> int:
        """How many connections there are."""
        return self._do(lambda: len(self._open()))

    def passed(self, direction: Direction) -> int:
        """Bytes, over all connections that there were."""
        return self._do(lambda: sum(link.meters[direction].passed for link in self._links))

    # The thread.

    def _listen(self, port: int) -> socket.socket:
        with namespace.visiting(self._pid), namespace.sockets_of(PROXY_UID):
            listening = socket.create_server(("127.0.0.1", port), backlog=1024)
        listening.setblocking(False)
        return listening

    def _run(self) -> None:
        # What this thread opens and accepts from here on is in the namespace, and the proxies' user's.
        with namespace.visiting(self._pid), namespace.sockets_of(PROXY_UID):
            self._loop.run_forever()

    def _do(self, act: Callable[[], T]) -> T:
        async def call() -> T:
            return act()

        return self._wait(call())

    def _each(self, act: Callable[[Link], None]) -> None:
        def call() -> None:
            for link in self._open():
                act(link)

        self._do(call)

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_WITHIN_S)

    def _begin(self) -> None:
        self._weather.calm.set()
        self._accepting = self._loop.create_task(self._accept())

    def _refuse(self) -> None:
        assert self._accepting is not None
        self._accepting.cancel()
        self._listening.close()

    async def _stop(self) -> None:
        self._refuse()
        for link in self._open():
            link.finish(End.RST)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _open(self) -> list[Link]:
        return [link for link in self._links if link.is_open]

    async def _accept(self) -> None:
        while True:
            near, _ = await self._loop.sock_accept(self._listening)
            self.accepted += 1
            task = self._loop.create_task(self._serve(near))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, near: socket.socket) -> None:
        far = socket.socket()
        for sock in (near, far):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        try:
            await self._weather.calm.wait()
            await self._loop.sock_connect(far, _target_of(near))
        except OSError:
            with contextlib.suppress(OSError):
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.close()
            far.close()
            return
        link = Link(near, far, self._weather)
        self._links.append(link)
        await link.run()


def _target_of(sock: socket.socket) -> tuple[str, int]:
    """Where the connection was going before it was redirected."""
    raw = sock.getsockopt(socket.IPPROTO_IP, _SO_ORIGINAL_DST, 16)
    return socket.inet_ntoa(raw[4:8]), int.from_bytes(raw[2:4], "big")
