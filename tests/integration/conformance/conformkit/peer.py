"""HTTP/2 by hand, from either side: h2 (hyper's library) reads and writes, the test says what."""

import contextlib
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    RemoteSettingsChanged,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes, Settings

E = TypeVar("E", bound=Event)
Fields = Sequence[tuple[str, str]]
_ROOM = {SettingCodes.MAX_HEADER_LIST_SIZE: 1 << 20}


@dataclass
class Answer:
    status: int
    fields: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]] = field(default_factory=list)
    interim: list[list[tuple[str, str]]] = field(default_factory=list)


class WasReset(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"the stream was reset with {code}")
        self.code = code


class Peer:
    """One connection. What comes is acknowledged and credited unless `credit` is off; its end raises EOFError."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        client: bool,
        settings: Mapping[int, int] | None = None,
        credit: bool = True,
        strict: bool = True,
    ) -> None:
        """`strict`: whether h2 refuses headers that RFC 9113 forbids; it does not know CONNECT."""
        self.sock = sock
        self.credit = credit
        self.events: list[Event] = []
        self.h2 = H2Connection(
            H2Configuration(
                client_side=client,
                header_encoding="latin-1",
                validate_inbound_headers=strict,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.local_settings = Settings(client=client, initial_values={**_ROOM, **(settings or {})})
        self.h2.decoder.max_header_list_size = 1 << 20
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def pump(self) -> None:
        """Read once."""
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        for event in self.h2.receive_data(data):
            if isinstance(event, DataReceived) and self.credit and event.flow_controlled_length:
                with contextlib.suppress(Exception):  # a stream that is over takes no credit
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id or 0)
            self.events.append(event)
        self.flush()

    def next(self, kind: type[E], stream: int | None = None) -> E:
        """The first event of that kind that was not taken yet; waits for it."""
        return self.until(kind, lambda event: stream is None or getattr(event, "stream_id", None) == stream)

    def until(self, kind: type[E], wanted: Callable[[E], bool]) -> E:
        while True:
            for event in self.events:
                if isinstance(event, kind) and wanted(event):
                    self.events.remove(event)
                    return event
            self.pump()

    # As a client.

    def ask(
        self,
        *fields: tuple[str, str],
        method: str = "GET",
        path: str = "/",
        authority: str = "program",
        end: bool = True,
    ) -> int:
        """A request's head; returns its stream."""
        pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority)]
        return self.open([*pseudo, *fields], end=end)

    def open(self, fields: Fields, *, end: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, list(fields), end_stream=end)
        self.flush()
        return stream

    def answer(self, stream: int) -> Answer:
        """The whole answer. Raises WasReset."""
        answer = Answer(0, [], b"")
        while True:
            event = self.until(Event, lambda event: getattr(event, "stream_id", None) == stream)
            match event:
                case InformationalResponseReceived():
                    answer.interim.append(_fields(event.headers))
                case ResponseReceived():
                    answer.fields = _fields(event.headers)
                    answer.status = int(dict(answer.fields)[":status"])
                case DataReceived():
                    answer.body += event.data or b""
                case TrailersReceived():
                    answer.trailers = _fields(event.headers)
                case StreamReset():
                    raise WasReset(int(event.error_code or 0))
                case StreamEnded():
                    return answer

    # As a server.

    def request(self) -> tuple[int, dict[str, str]]:
        """The head of the next request: its stream and its fields."""
        event = self.next(RequestReceived)
        return event.stream_id or 0, dict(_fields(event.headers))

    def body(self, stream: int) -> bytes:
        """All until the stream's end. Raises WasReset."""
        body = b""
        while True:
            event = self.until(
                Event,
                lambda event: isinstance(event, DataReceived | StreamEnded | StreamReset) and event.stream_id == stream,
            )
            match event:
                case DataReceived():
                    body += event.data or b""
                case StreamReset():
                    raise WasReset(int(event.error_code or 0))
                case StreamEnded():
                    return body

    def head(self, stream: int, *fields: tuple[str, str], status: int = 200, end: bool = False) -> None:
        self.h2.send_headers(stream, [(":status", str(status)), *fields], end_stream=end)
        self.flush()

    # As both.

    def data(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send it all, as fast as the other side gives credit."""
        while data:
            window = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
            if window <= 0:
                self.pump()
                continue
            self.h2.send_data(stream, data[:window], end_stream=end and window == len(data))
            self.flush()
            data = data[window:]

    def trailers(self, stream: int, *fields: tuple[str, str]) -> None:
        self.h2.send_headers(stream, list(fields), end_stream=True)
        self.flush()

    def reset(self, stream: int, code: int) -> None:
        self.h2.reset_stream(stream, code)
        self.flush()

    def settings_of_peer(self) -> dict[int, int]:
        """What the other side said of itself at first."""
        changed = self.next(RemoteSettingsChanged).changed_settings
        return {int(code): setting.new_value for code, setting in changed.items()}

    def drain(self) -> None:
        """Read until the other side ends: what was sent last is not lost by closing."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self.pump()

    def goaway(self) -> ConnectionTerminated:
        return self.next(ConnectionTerminated)


def _fields(headers: object) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in headers]  # type: ignore[attr-defined]
