"""HTTP/1 by hand, from either side: what is sent is sent as it is, what comes is read as strictly as can be."""

import socket
import struct
from dataclasses import dataclass, field
from typing import Self

_LINE_MAX = 1 << 20
CHUNKED = b"transfer-encoding: chunked\r\n"


@dataclass(frozen=True)
class Head:
    first: str
    """The request line or the status line."""
    fields: tuple[tuple[str, str], ...]
    """Names in lower case."""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def get(self, name: str) -> str | None:
        """The only value; None if there is none."""
        found = self.all(name)
        assert len(found) <= 1, self
        return found[0] if found else None

    @property
    def status(self) -> int:
        return int(self.first.split(" ")[1])

    @property
    def target(self) -> str:
        return self.first.split(" ")[1]


@dataclass
class Message:
    head: Head
    body: bytes
    trailers: tuple[tuple[str, str], ...] = field(default=())


class Wire:
    """One connection. Reading past its end raises EOFError."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.sock.close()

    def reset(self) -> None:
        """Close by a reset (socket(7): a linger of zero)."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def finish(self) -> None:
        """Say that nothing more will be sent."""
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, *pieces: bytes) -> None:
        self.sock.sendall(b"".join(pieces))

    def line(self) -> str:
        line = self._file.readline(_LINE_MAX)
        if not line:
            raise EOFError
        assert line.endswith(b"\r\n"), f"cut within a line, or without CR: {line[:100]!r}"
        return line[:-2].decode("latin-1")

    def head(self) -> Head:
        first = self.line()
        fields = []
        while text := self.line():
            name, colon, value = text.partition(":")
            assert colon, text
            assert name == name.strip(), text
            fields.append((name.lower(), value.strip(" \t")))
        return Head(first, tuple(fields))

    def exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def rest(self) -> bytes:
        """All until the orderly end."""
        return self._file.read()

    def ended(self) -> bool:
        """Whether the other side has ended, in whatever way, without another byte."""
        try:
            return self._file.read(1) == b""
        except ConnectionError:
            return True

    def request(self) -> Message:
        """The next request with its body, without an answer to `Expect`."""
        head = self.head()
        return self._body(head, until_close=False)

    def response(self, *, bodiless: bool = False) -> Message:
        """The next response; `bodiless`: to HEAD."""
        head = self.head()
        if bodiless or head.status in (204, 304) or head.status < 200:
            return Message(head, b"")
        return self._body(head, until_close=True)

    def _body(self, head: Head, *, until_close: bool) -> Message:
        encoding, length = head.get("transfer-encoding"), head.get("content-length")
        if encoding is not None:
            assert (encoding.lower(), length) == ("chunked", None), head
            return self._chunks(head)
        if length is not None:
            return Message(head, self.exactly(int(length)))
        return Message(head, self.rest() if until_close else b"")

    def _chunks(self, head: Head) -> Message:
        body = b""
        while size := int(self.line().split(";")[0], 16):
            body += self.exactly(size)
            assert self.line() == ""
        trailers = []
        while text := self.line():
            name, _, value = text.partition(":")
            trailers.append((name.lower(), value.strip()))
        return Message(head, body, tuple(trailers))


def sized(body: bytes, first: bytes = b"HTTP/1.1 200 OK", *fields: bytes) -> bytes:
    """A message with its length."""
    lines = (first, *fields, b"content-length: %d" % len(body), b"", body)
    return b"\r\n".join(lines)


def chunks(*pieces: bytes, trailers: bytes = b"") -> bytes:
    """A chunked body; `trailers`: whole lines."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"
