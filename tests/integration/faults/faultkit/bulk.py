"""Large bodies, and how long they take."""

import io
import socket
import time
from collections.abc import Callable

from faultkit.http1 import read_head

_PIECE = bytes(256) * 1024


def serve(sock: socket.socket) -> None:
    """`GET /N` is answered by N bytes, `POST` of N bytes by how many there were."""
    with sock.makefile("rb") as stream:
        while (head := read_head(stream)) is not None:
            method, target, _ = head[0].split(" ")
            length = int(head[1].get("content-length", "0"))
            _take(stream.readinto1, length)
            answer = int(target[1:]) if method == "GET" else 0
            sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % answer)
            _give(sock, answer)


def seconds(connect: Callable[[], socket.socket], method: str, length: int) -> float:
    """From the request to its end. The connections on the way are warm by a small exchange before."""
    with connect() as sock, sock.makefile("rb") as stream:
        sock.settimeout(60)
        _exchange(sock, stream, method, 10)
        began = time.monotonic()
        _exchange(sock, stream, method, length)
        return time.monotonic() - began


def _exchange(sock: socket.socket, stream: io.BufferedReader, method: str, length: int) -> None:
    up, down = (0, length) if method == "GET" else (length, 0)
    sock.sendall(b"%s /%d HTTP/1.1\r\nhost: server\r\ncontent-length: %d\r\n\r\n" % (method.encode(), down, up))
    _give(sock, up)
    head = read_head(stream)
    assert head is not None
    assert head[0].split(" ")[1] == "200", head
    assert head[1]["content-length"] == str(down)
    _take(stream.readinto1, down)


def _give(sock: socket.socket, length: int) -> None:
    view = memoryview(_PIECE)
    while length > 0:
        sock.sendall(view[: min(length, len(view))])
        length -= len(view)


def _take(read: Callable[[memoryview], int], length: int) -> None:
    view = memoryview(bytearray(len(_PIECE)))
    while length > 0:
        got = read(view[: min(length, len(view))])
        assert got, f"{length} bytes short"
        length -= got
