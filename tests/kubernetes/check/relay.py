"""A way to a server that takes its time."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK = 65_536


@contextmanager
def slow_way(port: int, *, delay_s: float) -> Iterator[int]:
    """The port from which all bytes come to the server late, each read by `delay_s`; answers come at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, port, delay_s), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Closing alone would not wake up whoever waits for the next connection.
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, port: int, delay_s: float) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        far = socket.create_connection(("127.0.0.1", port))
        for source, target, late_s in ((near, far, delay_s), (far, near, 0.0)):
            threading.Thread(target=_carry, args=(source, target, late_s), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, late_s: float) -> None:
    try:
        while data := source.recv(_CHUNK):
            time.sleep(late_s)
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        end.close()
