"""Large bodies of which no byte may be missing: programs that give and take them, and clients that compare them.

The name of a request says its method, whether the body that goes along with that is `large` or `small`, and how it is
put into messages: `GET-large-chunked-1`.
"""

import socket
from collections.abc import Iterator

from h2.events import StreamEnded
from h2.exceptions import ProtocolError
from meshkit.http import Answer, Http

from faultkit.http1 import chunked, read_request, sized
from faultkit.http2 import Peer, Stream
from faultkit.ledger import Ledger, body_of
from faultkit.outcome import Outcome, ask, reason_of
from faultkit.program import Serve

LENGTH = 5_000_000
_PIECE = 64 * 1024


def serve(ledger: Ledger) -> Serve:
    def answer(sock: socket.socket) -> None:
        with sock.makefile("rb") as stream:
            while (request := read_request(stream)) is not None:
                shape = chunked if _is_chunked(request[0]) else sized
                sock.sendall(shape(_carry_out(ledger, *request)))

    return answer


def serve_http2(ledger: Ledger) -> Serve:
    """Nothing but the end of the stream says where a body ends."""

    def answer(sock: socket.socket) -> None:
        peer = Peer(sock, is_client=False)
        left: dict[int, memoryview] = {}
        try:
            while True:
                for event in peer.step():
                    if isinstance(event, StreamEnded):
                        at = event.stream_id or 0
                        name, body = peer.streams[at].headers[":path"].removeprefix("/"), bytes(peer.streams[at].body)
                        peer.h2.send_headers(at, [(":status", "200")])
                        left[at] = memoryview(_carry_out(ledger, name, body))
                left = {at: rest for at, rest in left.items() if peer.streams[at].reset is None}
                for at in left:
                    left[at] = _pour(peer, at, left[at])
                left = {at: rest for at, rest in left.items() if rest}
        except (EOFError, ProtocolError):
            return

    return answer


def _carry_out(ledger: Ledger, name: str, body: bytes) -> bytes:
    """The answer's body."""
    small = ledger.carry_out(name, body, length=_length(name, "POST"))
    return body_of(name, _length(name, "GET")) or small


def over_http1(http: Http, name: str) -> Outcome:
    up, down = (body_of(name, _length(name, method)) or None for method in ("POST", "GET"))
    return ask(http, _method(name), name, sent=_pieces(up) if up and _is_chunked(name) else up, expected=down)


def over_http2(peer: Peer, name: str) -> Outcome:
    """Raises EOFError and OSError where it is the client's own connection that ends."""
    at = peer.h2.get_next_available_stream_id()
    left = memoryview(body_of(name, _length(name, "POST")))
    head = [(":method", _method(name)), (":scheme", "http"), (":authority", "server"), (":path", f"/{name}")]
    peer.h2.send_headers(at, head, end_stream=not left)
    peer.flush()
    stream = peer.streams.setdefault(at, Stream())
    while not stream.is_over:
        left = _pour(peer, at, left)
        peer.step()
    del peer.streams[at]
    if not stream.ended:
        return Outcome(name, None, f"reset {stream.reset}")
    if left and stream.reset is None:
        peer.h2.reset_stream(at)
    answer = Answer(int(stream.headers[":status"]), stream.headers, bytes(stream.body))
    return Outcome(name, answer.status, reason_of(name, answer, body_of(name, _length(name, "GET")) or None))


def _pour(peer: Peer, at: int, left: memoryview) -> memoryview:
    """Send what the windows allow, and the end of the stream with the last of it; what is left."""
    while left and (room := min(peer.h2.local_flow_control_window(at), peer.h2.max_outbound_frame_size)) > 0:
        peer.h2.send_data(at, bytes(left[:room]), end_stream=len(left) <= room)
        left = left[room:]
    peer.flush()
    return left


def _pieces(body: bytes) -> Iterator[bytes]:
    """For http.client: what has no length is sent in chunks."""
    return (body[at : at + _PIECE] for at in range(0, len(body), _PIECE))


def _method(name: str) -> str:
    return name.partition("-")[0]


def _length(name: str, method: str) -> int:
    """Of the body that goes along with this method, if it is that of the name."""
    return LENGTH if name.startswith(f"{method}-large-") else 0


def _is_chunked(name: str) -> bool:
    return "-chunked-" in name
