"""Unary gRPC calls of which each is counted."""

import socket
import struct
from collections.abc import Callable
from typing import Self

from h2.events import StreamEnded
from h2.exceptions import ProtocolError

from faultkit.http2 import Peer, Stream
from faultkit.ledger import Ledger, answer_to, body_of
from faultkit.outcome import BODY, Outcome
from faultkit.program import Serve

OK = 200
"""The status of an outcome where grpc-status was 0. Others are those of gRPC."""
UNAVAILABLE = 14
_TYPE = ("content-type", "application/grpc")
_PREFIX = "/faults.Calls/"


def framed(message: bytes) -> bytes:
    """As gRPC frames one that is not compressed."""
    return struct.pack(">BI", 0, len(message)) + message


def counting(ledger: Ledger) -> Serve:
    def serve(sock: socket.socket) -> None:
        peer = Peer(sock, is_client=False)
        try:
            while True:
                for event in peer.step():
                    if isinstance(event, StreamEnded):
                        _answer(peer, event.stream_id or 0, ledger)
                peer.flush()
        except (EOFError, ProtocolError):
            return

    return serve


def _answer(peer: Peer, at: int, ledger: Ledger) -> None:
    stream = peer.streams.pop(at)
    name = stream.headers[":path"].removeprefix(_PREFIX)
    answer = ledger.carry_out(name, bytes(stream.body[5:]))
    peer.h2.send_headers(at, [(":status", "200"), _TYPE])
    peer.h2.send_data(at, framed(answer))
    peer.h2.send_headers(at, [("grpc-status", "0")], end_stream=True)


class Caller:
    """One connection, which is opened again when it has ended."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._peer: Peer | None = None
        self.opened = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._peer is not None:
            self._peer.sock.close()

    def call(self, name: str) -> Outcome:
        if self._peer is None:
            self._peer = Peer(self._connect(), is_client=True)
            self.opened += 1
        try:
            return _outcome(name, _call(self._peer, name))
        except (EOFError, OSError) as error:
            self._peer.sock.close()
            self._peer = None
            return Outcome(name, None, repr(error))


def _call(peer: Peer, name: str) -> Stream:
    at = peer.h2.get_next_available_stream_id()
    head = [(":method", "POST"), (":scheme", "http"), (":authority", "server"), (":path", _PREFIX + name)]
    peer.h2.send_headers(at, [*head, _TYPE, ("te", "trailers")])
    peer.h2.send_data(at, framed(body_of(name, BODY)), end_stream=True)
    peer.flush()
    stream = peer.streams.setdefault(at, Stream())
    while not stream.is_over:
        peer.step()
    return peer.streams.pop(at)


def _outcome(name: str, stream: Stream) -> Outcome:
    """Raises AssertionError where the answer is not one to this call."""
    if stream.reset is not None:
        return Outcome(name, None, f"reset {stream.reset}")
    status = (stream.headers | stream.trailers)["grpc-status"]
    if status == "0":
        assert stream.body == framed(answer_to(name)), f"{name} is answered by {bytes(stream.body)!r}"
        return Outcome(name, OK, "")
    return Outcome(name, int(status), stream.trailers.get("grpc-message", "") or stream.headers.get("grpc-message", ""))
