"""Flow control from end to end: who reads slowly holds back who sends, and nobody else."""

import os
import threading

from conformkit.memory import MB, bounded
from conformkit.peer import Peer
from conformkit.program import Program
from conformkit.way import Way
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.settings import SettingCodes
from meshkit.until import until

HUGE = 24 * MB
"""Much more than may be under way, and than the proxies may grow by."""
UNDERWAY_MAX = 4 * MB
"""Of one body, in all windows and buffers between the programs: sockets' buffers too."""
PIECE = os.urandom(16_384)


class Sender:
    """Sends a huge body piece by piece, and shows how far it got and whether it has to wait for credit."""

    def __init__(self) -> None:
        self.sent = 0
        self.blocked = threading.Event()

    def send(self, peer: Peer, stream: int, length: int) -> None:
        while self.sent < length:
            if min(peer.h2.local_flow_control_window(stream), peer.h2.max_outbound_frame_size) < len(PIECE):
                self.blocked.set()
                peer.pump()
                _answer_small_ones(peer)
                continue
            peer.h2.send_data(stream, PIECE, end_stream=self.sent + len(PIECE) >= length)
            peer.flush()
            self.sent += len(PIECE)


def test_a_client_that_does_not_read_holds_the_program_back(way: Way, program: Program) -> None:
    sender = Sender()

    def serve(peer: Peer) -> None:
        while True:
            peer.pump()
            _answer_small_ones(peer)
            for event in [event for event in peer.events if isinstance(event, RequestReceived)]:
                peer.events.remove(event)
                peer.head(event.stream_id or 0)
                sender.send(peer, event.stream_id or 0, HUGE)

    with (
        program.speaking(serve),
        bounded(way.proxies(), 16 * MB),
        Peer(way.connect(program.port), client=True, credit=False) as peer,
    ):
        stream = peer.ask(path="/huge")
        until("the client's window is used up", lambda: _window_is_used(peer, stream))
        until("the program waits for credit", sender.blocked.is_set)
        assert sender.sent <= UNDERWAY_MAX
        small = Peer(way.connect(program.port), client=True)
        with small:
            assert small.answer(small.ask(path="/small")).body == b"small"
        assert sender.sent <= UNDERWAY_MAX
        assert _read_all(peer, stream) == HUGE


def _answer_small_ones(peer: Peer) -> None:
    for event in list(peer.events):
        if isinstance(event, RequestReceived) and (":path", "/small") in (event.headers or ()):
            peer.events.remove(event)
            peer.head(event.stream_id or 0)
            peer.data(event.stream_id or 0, b"small", end=True)


def _window_is_used(peer: Peer, stream: int) -> bool:
    peer.pump()
    return peer.h2.remote_flow_control_window(stream) < len(PIECE)


def _read_all(peer: Peer, stream: int) -> int:
    """Give credit for what is there and for all that comes, and count it."""
    total = 0
    while True:
        for event in list(peer.events):
            peer.events.remove(event)
            if isinstance(event, DataReceived):
                total += event.flow_controlled_length or 0
                peer.h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            elif isinstance(event, StreamEnded):
                return total
        peer.flush()
        peer.pump()


def test_a_program_that_does_not_read_holds_the_client_back(way: Way, program: Program) -> None:
    gate = threading.Event()
    received = []

    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        gate.wait(30)
        received.append(_read_all(peer, stream))
        peer.head(stream, end=True)

    with (
        program.speaking(serve, credit=False),
        bounded(way.proxies(), 16 * MB),
        Peer(way.connect(program.port), client=True) as peer,
    ):
        sender = Sender()
        stream = peer.ask(method="POST", end=False)
        thread = threading.Thread(target=sender.send, args=(peer, stream, HUGE))
        thread.start()
        until("the client waits for credit", sender.blocked.is_set)
        assert sender.sent <= UNDERWAY_MAX
        gate.set()
        thread.join(60)
        assert peer.answer(stream).status == 200
    assert received == [HUGE]


def test_many_stalled_answers_do_not_delay_another_one(way: Way, program: Program) -> None:
    """150 that are read half, on one connection; each stream's window is small, the connection's is not."""

    def serve(peer: Peer) -> None:
        while True:
            stream, fields = peer.request()
            peer.head(stream)
            if fields[":path"] == "/small":
                peer.data(stream, b"small", end=True)
            else:
                size = min(peer.h2.local_flow_control_window(stream), peer.h2.max_outbound_frame_size)
                peer.h2.send_data(stream, bytes(max(size, 0)))
                peer.flush()

    settings = {SettingCodes.INITIAL_WINDOW_SIZE: 1000}
    with program.speaking(serve), Peer(way.connect(program.port), client=True, settings=settings, credit=False) as peer:
        peer.h2.increment_flow_control_window(HUGE)
        peer.flush()
        for number in range(150):
            peer.ask(path=f"/half/{number}")
        assert peer.answer(peer.ask(path="/small")).body == b"small"


def test_bodies_are_the_same_bytes_at_the_other_end(way: Way, program: Program) -> None:
    body = os.urandom(5 * MB)

    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        arrived = peer.body(stream)
        peer.head(stream)
        peer.data(stream, arrived, end=True)

    with program.speaking(serve), Peer(way.connect(program.port), client=True) as peer:
        stream = peer.ask(method="POST", end=False)
        peer.data(stream, body, end=True)
        assert peer.answer(stream).body == body
