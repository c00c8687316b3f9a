"""HTTP/1.1 on a socket, for the bench's own small programs."""

import socket

from bench.cases import SMALL

_TIMEOUT_S = 60.0
_HEAD_MAX = 16 * 1024
_PIECE = 1 << 20


def connect(address: str) -> socket.socket:
    """`address` is HOST:PORT."""
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=_TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def get(connection: socket.socket, size: int = SMALL) -> None:
    """Asks for the file of that size and reads all of it. Raises OSError if anything else comes."""
    connection.sendall(b"GET /%d HTTP/1.1\r\nhost: bench\r\n\r\n" % size)
    head = b""
    while b"\r\n\r\n" not in head:
        if len(head) > _HEAD_MAX or not (piece := connection.recv(_HEAD_MAX)):
            raise OSError(f"no head came, but {head[:200]!r}")
        head += piece
    head, _, begun = head.partition(b"\r\n\r\n")
    length = b"content-length: %d" % size
    if not head.startswith(b"HTTP/1.1 200 ") or length not in head.lower():
        raise OSError(f"an unexpected head came: {head[:200]!r}")
    left, buffer = size - len(begun), bytearray(min(size, _PIECE))
    while left > 0:
        if not (read := connection.recv_into(buffer, min(left, len(buffer)))):
            raise OSError(f"the body ended {left} bytes early")
        left -= read
