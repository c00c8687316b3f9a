"""A program that is in no hurry, and clients that leave off in the middle."""

import socket
import threading
from collections.abc import Sequence

from h2.events import RequestReceived
from h2.exceptions import ProtocolError
from meshkit.until import until

from faultkit.fault import Direction
from faultkit.http1 import read_head, sized
from faultkit.http2 import Peer
from faultkit.program import Serve
from faultkit.relay import Relay
from faultkit.wire import narrow

ENDLESS = 1 << 30
WIDE = 1 << 30
"""A connection's window that is never in the way of its streams'."""
_PIECE = bytes(64 * 1024)
_STILL = 10


def serve(released: threading.Event) -> Serve:
    """`GET /small` is answered at once, `GET` of all else by a body without end.

    The body of `POST` is not read before the release.
    """

    def answer(sock: socket.socket) -> None:
        narrow(sock)
        with sock.makefile("rb") as stream:
            while (head := read_head(stream)) is not None:
                method, target, _ = head[0].split(" ")
                if method == "POST":
                    released.wait()
                    return
                if target != "/small":
                    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % ENDLESS)
                    while True:
                        sock.sendall(_PIECE)
                sock.sendall(sized(b"small"))

    return answer


def serve_http2(sock: socket.socket) -> None:
    """The same over HTTP/2, as much as windows allow; the bodies of requests are never acknowledged."""
    peer = Peer(sock, is_client=False, reads=False)
    peer.h2.increment_flow_control_window(WIDE)
    endless: list[int] = []
    try:
        while True:
            for event in peer.step():
                if isinstance(event, RequestReceived):
                    at = event.stream_id or 0
                    peer.h2.send_headers(at, [(":status", "200")])
                    if peer.streams[at].headers[":path"] == "/small":
                        peer.h2.send_data(at, b"small", end_stream=True)
                    elif peer.streams[at].headers[":method"] == "GET":
                        endless.append(at)
            peer.flush()
            endless = [at for at in endless if peer.streams[at].reset is None]
            fill_windows(peer, endless)
    except (EOFError, ProtocolError):
        return


def fill_windows(peer: Peer, streams: Sequence[int]) -> int:
    """Send what the windows allow; how much that was.

    A window is negative while its peer has made all of them smaller (RFC 9113, 6.9.2).
    """
    sent = 0
    for at in streams:
        while (room := min(peer.h2.local_flow_control_window(at), peer.h2.max_outbound_frame_size)) > 0:
            peer.h2.send_data(at, bytes(room))
            sent += room
            peer.flush()
    return sent


def until_still(relay: Relay) -> None:
    """Wait until nothing moves any more on the way."""
    seen: list[int] = []

    def still() -> bool:
        seen.append(sum(relay.passed(direction) for direction in Direction))
        return len(seen) > _STILL and seen[-1] == seen[-_STILL]

    until("all stands still", still)
