"""HTTP/1.1 as a program of the tests speaks it: strict about what is whole, and in each of the ways to say a length."""

import socket
from collections.abc import Callable
from typing import BinaryIO

from faultkit.ledger import Ledger
from faultkit.program import Serve

Shape = Callable[[bytes], bytes]
"""How an answer's body is put into a message."""


def sized(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:half], body[half:]))
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


def counting(ledger: Ledger, *, answers: int | None = None, shape: Shape = sized) -> Serve:
    """Carries requests out. `answers`: how many a connection gives; it ends together with the last one, unannounced."""

    def serve(sock: socket.socket) -> None:
        given = 0
        with sock.makefile("rb") as stream:
            while answers is None or given < answers:
                request = read_request(stream)
                if request is None:
                    return
                given += 1
                # What more is to come, is the end: both leave in one segment (send(2)).
                sock.sendall(shape(ledger.carry_out(*request)), socket.MSG_MORE if given == answers else 0)
        sock.shutdown(socket.SHUT_WR)

    return serve


def closing_late(ledger: Ledger) -> Serve:
    """Gives one answer on each connection, and ends it without having read them when the next bytes come."""

    def serve(sock: socket.socket) -> None:
        with sock.makefile("rb") as stream:
            if (request := read_request(stream)) is None:
                return
            sock.sendall(sized(ledger.carry_out(*request)))
            stream.peek(1)

    return serve


def read_request(stream: BinaryIO) -> tuple[str, bytes] | None:
    """The name and the body; None where the connection ends before the request does."""
    head = read_head(stream)
    if head is None:
        return None
    first, fields = head
    name = first.split(" ")[1].removeprefix("/")
    if fields.get("transfer-encoding") == "chunked":
        body = _chunks(stream)
        return None if body is None else (name, body)
    length = int(fields.get("content-length", "0"))
    sized_body = stream.read(length)
    return (name, sized_body) if len(sized_body) == length else None


def read_head(stream: BinaryIO) -> tuple[str, dict[str, str]] | None:
    """The first line and the fields, their names in lower case; None where the connection ends before."""
    lines = []
    while (line := stream.readline()) != b"\r\n":
        if not line.endswith(b"\n"):
            return None
        lines.append(line.decode("latin-1").rstrip())
    fields = (line.partition(":") for line in lines[1:])
    return lines[0], {name.lower(): value.strip() for name, _, value in fields}


def _chunks(stream: BinaryIO) -> bytes | None:
    pieces: list[bytes] = []
    while True:
        line = stream.readline()
        if not line.endswith(b"\n"):
            return None
        size = int(line, 16)
        piece = stream.read(size + 2)
        if len(piece) < size + 2:
            return None
        if size == 0:
            return b"".join(pieces)
        pieces.append(piece[:-2])
