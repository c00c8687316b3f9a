"""How streams and connections end before their time: RST_STREAM and GOAWAY, in both directions."""

import threading
from collections.abc import Callable

import pytest
from conformkit.peer import Peer, WasReset
from conformkit.program import Program
from conformkit.way import Way
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, ResponseReceived, StreamEnded, StreamReset
from hyperframe.frame import GoAwayFrame
from meshkit.until import until


def opened(way: Way, program: Program) -> Peer:
    return Peer(way.connect(program.port), client=True)


@pytest.mark.parametrize("begun", [False, True], ids=["before the answer", "within the answer"])
def test_what_the_client_cancels_is_cancelled_at_the_program(way: Way, program: Program, *, begun: bool) -> None:
    codes: list[int] = []
    asked = threading.Event()

    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        if begun:
            peer.head(stream)
            peer.data(stream, b"hello")
        asked.set()
        codes.append(int(peer.next(StreamReset, stream).error_code or 0))

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(method="POST", end=False)
        if begun:
            peer.next(DataReceived, stream)
        assert asked.wait(5)
        peer.reset(stream, ErrorCodes.CANCEL)
        until("the program hears of it", lambda: bool(codes), within_s=5)
    assert codes == [ErrorCodes.CANCEL]


FAILURES = (
    ErrorCodes.CANCEL,
    ErrorCodes.INTERNAL_ERROR,
    ErrorCodes.ENHANCE_YOUR_CALM,
    ErrorCodes.HTTP_1_1_REQUIRED,
)


@pytest.mark.parametrize("code", [*FAILURES, ErrorCodes.REFUSED_STREAM], ids=lambda code: code.name)
def test_the_code_of_a_reset_within_an_answer_reaches_the_client(way: Way, program: Program, code: ErrorCodes) -> None:
    seen = threading.Event()

    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        peer.head(stream)
        peer.data(stream, b"hello")
        assert seen.wait(5)
        peer.reset(stream, code)

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(method="POST", end=False)
        peer.next(ResponseReceived, stream)
        seen.set()
        with pytest.raises(WasReset) as reset:
            peer.answer(stream)
        assert reset.value.code == code


def resetting(code: ErrorCodes) -> Callable[[Peer], None]:
    """A program that answers nothing."""

    def serve(peer: Peer) -> None:
        while True:
            stream, _ = peer.request()
            peer.reset(stream, code)

    return serve


@pytest.mark.parametrize("code", FAILURES, ids=lambda code: code.name)
def test_the_code_of_a_reset_before_the_answer_reaches_the_client(way: Way, program: Program, code: ErrorCodes) -> None:
    with program.speaking(resetting(code)), opened(way, program) as peer:
        with pytest.raises(WasReset) as reset:
            peer.answer(peer.ask(method="POST", end=False))
        assert reset.value.code == code


def test_a_client_may_ask_again_what_the_program_refuses(way: Way, program: Program) -> None:
    """A client in the mesh hears who refused: its proxy has asked again for it. Another one is left to do so."""
    with program.speaking(resetting(ErrorCodes.REFUSED_STREAM)), opened(way, program) as peer:
        stream = peer.ask(method="POST", end=False)
        if way.name == "plain":
            with pytest.raises(WasReset) as reset:
                peer.answer(stream)
            assert reset.value.code == ErrorCodes.REFUSED_STREAM
            return
        answer = peer.answer(stream)
        assert answer.status == 502
        assert "did not take the request" in dict(answer.fields)["l5d-proxy-error"]


def test_a_reset_without_error_after_an_answer_stops_the_rest_of_the_request(way: Way, program: Program) -> None:
    """RFC 9113, 8.1: the answer is whole, the rest of the request is not wanted."""

    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        peer.head(stream)
        peer.data(stream, b"enough", end=True)
        peer.reset(stream, ErrorCodes.NO_ERROR)

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(method="POST", end=False)
        assert peer.answer(stream).body == b"enough"
        assert peer.next(StreamReset, stream).error_code in (ErrorCodes.NO_ERROR, ErrorCodes.CANCEL)


def test_streams_beside_a_reset_one_go_on(way: Way, program: Program) -> None:
    def serve(peer: Peer) -> None:
        while True:
            event = peer.next(Event)
            if isinstance(event, RequestReceived) and (":path", "/reset") in (event.headers or ()):
                peer.reset(event.stream_id or 0, ErrorCodes.INTERNAL_ERROR)
            elif isinstance(event, StreamEnded):
                peer.head(event.stream_id or 0)
                peer.data(event.stream_id or 0, b"answered", end=True)

    with program.speaking(serve), opened(way, program) as peer:
        streams = [peer.ask(method="POST", end=False) for _ in range(6)]
        with pytest.raises(WasReset):
            peer.answer(peer.ask(path="/reset", method="POST", end=False))
        peer.reset(streams.pop(), ErrorCodes.CANCEL)
        for stream in streams:
            peer.data(stream, b"hello", end=True)
        assert [peer.answer(stream).body for stream in streams] == [b"answered"] * 5


def test_after_a_goaway_of_the_program_answers_come_and_others_go_elsewhere(way: Way, program: Program) -> None:
    connections = []

    def serve(peer: Peer) -> None:
        connections.append(peer)
        stream, _ = peer.request()
        if len(connections) == 1:
            peer.sock.sendall(GoAwayFrame(last_stream_id=stream).serialize())
        peer.head(stream)
        peer.data(stream, b"%d" % len(connections), end=True)

    with program.speaking(serve), opened(way, program) as peer:
        assert peer.answer(peer.ask()).body == b"1"
        assert peer.answer(peer.ask()).body == b"2"


@pytest.mark.parametrize("with_body", [False, True], ids=["without a body", "with a body"])
def test_a_request_that_the_programs_goaway_does_not_cover_is_asked_again(
    way: Way, program: Program, *, with_body: bool
) -> None:
    """RFC 9113, 6.8: it was not processed, so nobody sees that it was sent twice."""
    connections = []

    def serve(peer: Peer) -> None:
        connections.append(peer)
        stream, _ = peer.request()
        if len(connections) == 1:
            peer.sock.sendall(GoAwayFrame(last_stream_id=0).serialize())
            return
        body = peer.body(stream)
        peer.head(stream)
        peer.data(stream, b"second" + body, end=True)

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(method="POST", end=not with_body)
        if with_body:
            peer.data(stream, b"hello", end=True)
        assert peer.answer(stream).body == b"second" + b"hello" * with_body


def test_a_client_that_goes_away_gets_what_it_asked_for_and_then_the_end(way: Way, program: Program) -> None:
    gate = threading.Event()

    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        peer.head(stream)
        assert gate.wait(10)
        peer.data(stream, b"hello", end=True)

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask()
        peer.next(ResponseReceived, stream)
        peer.sock.sendall(GoAwayFrame().serialize())
        gate.set()
        assert peer.answer(stream).body == b"hello"
        peer.drain()


def test_a_connection_of_the_program_that_breaks_breaks_its_streams_only(way: Way, program: Program) -> None:
    seen = threading.Event()

    def serve(peer: Peer) -> None:
        stream, fields = peer.request()
        peer.head(stream)
        peer.data(stream, b"hello")
        if fields[":path"] == "/break":
            assert seen.wait(5)
            peer.sock.close()
            raise EOFError
        peer.data(stream, b" world", end=True)

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(path="/break")
        peer.next(DataReceived, stream)
        seen.set()
        with pytest.raises(WasReset):
            peer.answer(stream)
        assert peer.answer(peer.ask(path="/good")).body == b"hello world"
