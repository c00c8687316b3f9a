"""A local port behind which somebody else's TLS is: for clients that insist on ALPN, which proxies do not offer."""

import contextlib
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

from meshkit.tls import shake_hands


class Tunnel:
    """Each connection to `address` is carried on by a TLS connection to `target`, which has to be `name`."""

    def __init__(self, target: tuple[str, int], context: ssl.SSLContext, name: str) -> None:
        self._target, self._context, self._name = target, context, name
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listening]
        self._threads = [threading.Thread(target=self._accept, name="tunnel")]

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._listening.getsockname())

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sock in list(self._open):
            # A thread that waits for this socket learns of its end by this, not by `close`.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in self._open:
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
                self._open.append(near)
                far = shake_hands(self._target, self._context, self._name)
            except OSError:
                return
            self._open.append(far)
            # One for each direction; an SSLSocket may be read and written at the same time.
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=_copy, args=(source, sink), name="tunnel")
                self._threads.append(thread)
                thread.start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        source.settimeout(None)
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
