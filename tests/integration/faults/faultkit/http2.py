"""One side of an HTTP/2 connection with prior knowledge (RFC 9113), as a program of the tests speaks it."""

import socket
from dataclasses import dataclass, field
from typing import Any, Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

_PIECE = 256 * 1024


@dataclass
class Stream:
    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False
    reset: int | None = None

    @property
    def is_over(self) -> bool:
        return self.ended or self.reset is not None


class Peer:
    """Reads only when it is told to; raises EOFError where the other side has ended, and OSError."""

    def __init__(self, sock: socket.socket, *, is_client: bool, reads: bool = True) -> None:
        """`reads`: what came is acknowledged, so that more may come; else a stream comes to stand at its window."""
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.h2 = H2Connection(H2Configuration(client_side=is_client, header_encoding="utf-8"))
        self.streams: dict[int, Stream] = {}
        self._reads = reads
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def step(self) -> list[Event]:
        """Take what comes next, and say what the protocol says to it."""
        data = self.sock.recv(_PIECE)
        if not data:
            raise EOFError
        events = self.h2.receive_data(data)
        for event in events:
            self._note(event)
        self.flush()
        return events

    def _note(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=at, headers=headers) | ResponseReceived(stream_id=at, headers=headers):
                self._stream(at).headers.update(_text(headers))
            case TrailersReceived(stream_id=at, headers=headers):
                self._stream(at).trailers.update(_text(headers))
            case DataReceived(stream_id=at, data=data, flow_controlled_length=length):
                self._stream(at).body += data
                if length and self._reads:
                    self.h2.acknowledge_received_data(length, at)
            case StreamEnded(stream_id=at):
                self._stream(at).ended = True
            case StreamReset(stream_id=at, error_code=code):
                self._stream(at).reset = int(code)
            case ConnectionTerminated(error_code=code) if code:
                raise EOFError(f"GOAWAY {code}")

    def _stream(self, at: int | None) -> Stream:
        return self.streams.setdefault(at or 0, Stream())


def _text(headers: Any) -> dict[str, str]:
    """As `header_encoding` has it; the library's types do not say so."""
    return dict(headers)
