"""Programs of a workload that tests play: each connection is a call in a thread of its own."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from meshkit import namespace
from meshkit.workload import Workload

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(workload: Workload, port: int, serve: Serve) -> Iterator[None]:
    """Listen there until the end, when the connections end as well; those that break off are nobody's fault here."""
    with namespace.visiting(workload.program()):
        server = _Server(("0.0.0.0", port), serve)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"program:{port}")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.end()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], serve: Serve) -> None:
        super().__init__(address, socketserver.BaseRequestHandler)
        self._serve = serve
        self._open: set[socket.socket] = set()

    def finish_request(self, request: Any, client_address: Any) -> None:
        del client_address
        self._open.add(request)
        try:
            with contextlib.suppress(OSError):
                request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._serve(request)
        finally:
            self._open.discard(request)

    def end(self) -> None:
        for sock in list(self._open):
            # The thread that waits for it learns of its end by this, and closes it.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.server_close()
