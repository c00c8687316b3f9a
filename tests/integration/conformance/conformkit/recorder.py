"""A program that writes down the requests that reach it, read by h11, and answers each with its number."""

import contextlib
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

import h11

from conformkit.reading import HEAD_MAX, Request, of_event

_LOOK_S = 0.05
_REST_WITHIN_S = 5.0


@dataclass
class Seen:
    requests: list[Request] = field(default_factory=list)
    nonsense: list[str] = field(default_factory=list)
    """Why h11 refused to read on."""
    streams: list[bytes] = field(default_factory=list)
    """What came on each connection."""


class Recorder:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, None)
        self._lock = threading.Lock()
        self._seen = Seen()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="recorder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join(10)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def take(self) -> Seen:
        """What came since the last time; waits until no connection is in the middle of a request."""
        end = time.monotonic() + _REST_WITHIN_S
        while not self._at_rest() and time.monotonic() < end:
            time.sleep(_LOOK_S / 10)
        with self._lock:
            seen = self._seen
            stuck = [connection for connection in self._connections() if not connection.at_rest]
            for connection in stuck:
                seen.nonsense.append("a request that neither ends nor is cut")
                self._drop(connection)
            self._seen = Seen()
            for connection in self._connections():
                if taken := connection.taken():
                    seen.streams.append(taken)
        return seen

    def _connections(self) -> "list[_Connection]":
        return [key.data for key in self._selector.get_map().values() if key.data is not None]

    def _at_rest(self) -> bool:
        with self._lock:
            self._turn(0)
            return all(connection.at_rest for connection in self._connections())

    def _run(self) -> None:
        while not self._ended:
            self._selector.select(_LOOK_S)
            with self._lock:
                self._turn(0)

    def _turn(self, wait_s: float) -> None:
        """Read all that is there."""
        while ready := self._selector.select(wait_s):
            for key, _ in ready:
                self._read(key)

    def _read(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            with contextlib.suppress(OSError):
                sock, _ = self._listener.accept()
                self._selector.register(sock, selectors.EVENT_READ, _Connection(sock))
            return
        if not key.data.read(self._seen):
            self._seen.streams.append(key.data.taken())
            self._drop(key.data)

    def _drop(self, connection: "_Connection") -> None:
        self._selector.unregister(connection.sock)
        connection.sock.close()


class _Connection:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.raw = b""
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
        self._request: h11.Request | None = None
        self._body = b""
        self._count = 0
        self._unread = False

    @property
    def at_rest(self) -> bool:
        return self._request is None and not self._unread

    def taken(self) -> bytes:
        """What came since the last time."""
        raw, self.raw = self.raw, b""
        return raw

    def read(self, seen: Seen) -> bool:
        """Whether the connection goes on."""
        try:
            data = self.sock.recv(1 << 20)
            self.raw += data
            self._h11.receive_data(data)
            self._events(seen)
        except h11.RemoteProtocolError as error:
            if data:  # an end within a request is a cut, which is fine
                seen.nonsense.append(str(error))
            return False
        except OSError:
            return False
        return bool(data) and self._h11.their_state is not h11.MUST_CLOSE

    def _events(self, seen: Seen) -> None:
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._unread = bool(self._h11.trailing_data[0])
                if self._h11.they_are_waiting_for_100_continue:
                    self.sock.sendall(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                return
            if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return
            if isinstance(event, h11.Request):
                self._request, self._body = event, b""
            elif isinstance(event, h11.Data):
                self._body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._end(seen)

    def _end(self, seen: Seen) -> None:
        assert self._request is not None
        seen.requests.append(of_event(self._request, self._body))
        self._request = None
        headers = [("content-length", "0"), ("x-answer", str(len(seen.requests) - 1))]
        answer = h11.Response(status_code=200, reason="OK", headers=headers)
        if seen.requests[-1].method == "CONNECT":
            answer = h11.Response(status_code=405, headers=headers)
        self.sock.sendall((self._h11.send(answer) or b"") + (self._h11.send(h11.EndOfMessage()) or b""))
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
