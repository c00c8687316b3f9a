"""A program of the mesh that is played by the test: each connection to it is a call of a function."""

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from meshkit import namespace
from meshkit.workload import Workload

from conformkit.peer import Peer
from conformkit.wire import Wire

PORTS = range(7001, 7065)
"""Of the Service; it can't have more."""
_JOIN_S = 15.0

Handler = Callable[[Wire], None]


class Program:
    def __init__(self, workload: Workload, port: int) -> None:
        self.workload = workload
        self.port = port

    def listen(self) -> socket.socket:
        with namespace.visiting(self.workload.program()):
            return socket.create_server(("0.0.0.0", self.port), backlog=256)

    @contextmanager
    def serving(self, handler: Handler) -> Iterator[None]:
        """Serve each connection in a thread. What a handler raises is raised here at the end, but for connections that
        were cut: whether that is right the test sees.
        """
        with serving(self.listen(), handler):
            yield

    @contextmanager
    def speaking(self, handler: Callable[[Peer], None], **options: Any) -> Iterator[None]:
        """The same in HTTP/2; a connection that the handler is done with is open until the proxy ends it."""

        def serve(wire: Wire) -> None:
            peer = Peer(wire.sock, client=False, **options)
            handler(peer)
            peer.drain()

        with self.serving(serve):
            yield


@contextmanager
def serving(listener: socket.socket, handler: Handler) -> Iterator[None]:
    served = _Served(listener, handler)
    served.start()
    try:
        yield
    except BaseException:
        served.stop()
        raise
    failures = served.stop()
    assert not failures, failures


class _Served:
    def __init__(self, listener: socket.socket, handler: Handler) -> None:
        self._listener, self._handler = listener, handler
        self._open: list[socket.socket] = []
        self._failures: list[BaseException] = []
        self._accepting = threading.Thread(target=self._accept, name="program")
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> list[BaseException]:
        _end([self._listener])
        _join(self._accepting)
        _end(self._open)  # which are all, from here on
        for thread in self._threads:
            _join(thread)
        self._listener.close()
        return self._failures

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(_JOIN_S)
            self._open.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), name="program")
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with Wire(sock) as wire:
            try:
                self._handler(wire)
            except EOFError:
                pass
            except BaseException as error:  # noqa: BLE001 - it is the test's to raise
                if not _is_cut(error):
                    self._failures.append(error)


def _is_cut(error: BaseException) -> bool:
    """Whether the proxy has ended the connection; an end of output finds none to end then."""
    return isinstance(error, ConnectionError) or (isinstance(error, OSError) and error.errno == errno.ENOTCONN)


def _end(socks: list[socket.socket]) -> None:
    for sock in socks:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _join(thread: threading.Thread) -> None:
    thread.join(_JOIN_S)
    assert not thread.is_alive(), "the program hangs"
