"""150 exchanges that nobody goes on with do not hold up the 151st, in whichever direction they stand still."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

import pytest
from faultkit import stalled
from faultkit.http1 import read_head
from faultkit.http2 import Peer
from faultkit.ports import SLOW, SLOW_HTTP2
from faultkit.program import serving
from faultkit.relay import Relay
from faultkit.wire import narrow
from h2.events import RemoteSettingsChanged
from meshkit.mesh import Mesh
from meshkit.workload import Workload

COUNT = 150
ENOUGH_S = 5.0
"""For an exchange that takes milliseconds when it is not held up; else it is for ever."""
STREAM_WINDOW = 65_535
HEAD = [(":scheme", "http"), (":authority", "server")]


@pytest.fixture
def host(mesh: Mesh, server: Workload, path: Relay) -> Iterator[str]:
    del path  # connections from before it would not pass through it
    released = threading.Event()
    with serving(server, SLOW, stalled.serve(released)), serving(server, SLOW_HTTP2, stalled.serve_http2):
        yield mesh.api.service_address("server")
        released.set()


def test_half_read_answers_over_http1(client: Workload, host: str, path: Relay) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(COUNT):
            sock = stack.enter_context(client.connect((host, SLOW)))
            narrow(sock)
            sock.sendall(b"GET /endless/%d HTTP/1.1\r\nhost: server\r\n\r\n" % number)
            assert sock.recv(1000).startswith(b"HTTP/1.1 200 ")
        stalled.until_still(path)
        one_more(client, host)


def test_half_sent_requests_over_http1(client: Workload, host: str, path: Relay) -> None:
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(client.connect((host, SLOW))) for _ in range(COUNT)]
        for sock in socks:
            narrow(sock)
            sock.sendall(b"POST /slow HTTP/1.1\r\nhost: server\r\ncontent-length: %d\r\n\r\n" % stalled.ENDLESS)
            sock.setblocking(False)
        fill(socks)
        stalled.until_still(path)
        one_more(client, host)


def fill(socks: list[socket.socket]) -> None:
    """Send until all are full for a while."""
    piece = bytes(64 * 1024)
    while writable := select.select([], socks, [], 0.2)[1]:
        for sock in writable:
            with contextlib.suppress(BlockingIOError):
                sock.send(piece)


def one_more(client: Workload, host: str) -> None:
    with client.connect((host, SLOW), timeout_s=ENOUGH_S) as sock, sock.makefile("rb") as stream:
        sock.sendall(b"GET /small HTTP/1.1\r\nhost: server\r\n\r\n")
        head = read_head(stream)
        assert head is not None
        assert head[0] == "HTTP/1.1 200 OK"
        assert stream.read(5) == b"small"


def test_half_read_answers_over_http2(client: Workload, host: str, path: Relay) -> None:
    with Peer(client.connect((host, SLOW_HTTP2), timeout_s=ENOUGH_S), is_client=True, reads=False) as peer:
        peer.h2.increment_flow_control_window(stalled.WIDE)
        streams = [ask(peer, "GET", "/endless") for _ in range(COUNT)]
        while not all(at in peer.streams and len(peer.streams[at].body) >= STREAM_WINDOW for at in streams):
            peer.step()
        stalled.until_still(path)
        one_more_stream(peer)


def test_half_sent_requests_over_http2(client: Workload, host: str, path: Relay) -> None:
    with Peer(client.connect((host, SLOW_HTTP2), timeout_s=ENOUGH_S), is_client=True) as peer:
        while not any(isinstance(event, RemoteSettingsChanged) for event in peer.step()):
            pass  # until they come, its windows are not known
        streams = [ask(peer, "POST", "/slow") for _ in range(COUNT)]
        while stalled.fill_windows(peer, streams) or select.select([peer.sock], [], [], 0.2)[0]:
            while select.select([peer.sock], [], [], 0)[0]:
                peer.step()
        stalled.until_still(path)
        one_more_stream(peer)


def one_more_stream(peer: Peer) -> None:
    at = ask(peer, "GET", "/small")
    while at not in peer.streams or not peer.streams[at].is_over:
        peer.step()
    assert (peer.streams[at].reset, peer.streams[at].body) == (None, b"small")


def ask(peer: Peer, method: str, target: str) -> int:
    at = peer.h2.get_next_available_stream_id()
    peer.h2.send_headers(at, [(":method", method), (":path", target), *HEAD], end_stream=method == "GET")
    peer.flush()
    return at
