"""HTTP/2 by hand on both sides: what a stream can carry."""

import os

import pytest
from conformkit.peer import Peer, WasReset
from conformkit.program import Program
from conformkit.way import Way
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    PingAckReceived,
    ResponseReceived,
    SettingsAcknowledged,
    StreamEnded,
    TrailersReceived,
)
from h2.settings import SettingCodes
from hyperframe.frame import PriorityFrame

ENABLE_CONNECT = {SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}


def echo(peer: Peer) -> None:
    """Answers each request with what it is about and its body."""
    while True:
        stream, fields = peer.request()
        body = peer.body(stream)
        peer.head(stream)
        peer.data(stream, f"{fields[':method']} {fields[':path']} ".encode() + body, end=True)


def opened(way: Way, program: Program, **options: object) -> Peer:
    return Peer(way.connect(program.port), client=True, **options)  # type: ignore[arg-type]


def test_requests_share_a_connection(way: Way, program: Program) -> None:
    body = os.urandom(100_000)
    with program.speaking(echo), opened(way, program) as peer:
        streams = [peer.ask(path=f"/{number}", method="POST", end=False) for number in range(10)]
        for stream in reversed(streams):
            peer.data(stream, body, end=True)
        for number, stream in enumerate(streams):
            answer = peer.answer(stream)
            assert (answer.status, answer.body) == (200, b"POST /%d " % number + body)


def test_trailers_pass_both_ways(way: Way, program: Program) -> None:
    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        body = peer.next(DataReceived, stream).data or b""
        sums = dict(peer.next(TrailersReceived, stream).headers or ())
        peer.head(stream)
        peer.data(stream, body)
        peer.trailers(stream, ("x-sum", str(sums["x-sum"])), ("x-own", "1"))

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(("te", "trailers"), method="POST", end=False)
        peer.data(stream, b"hello")
        peer.trailers(stream, ("x-sum", "42"))
        answer = peer.answer(stream)
        assert (answer.body, answer.trailers) == (b"hello", [("x-sum", "42"), ("x-own", "1")])


def test_an_answer_of_trailers_only(way: Way, program: Program) -> None:
    def serve(peer: Peer) -> None:
        stream, _ = peer.request()
        peer.head(stream, ("grpc-status", "5"), end=True)

    with program.speaking(serve), opened(way, program) as peer:
        assert ("grpc-status", "5") in peer.answer(peer.ask(("content-type", "application/grpc"))).fields


@pytest.mark.parametrize("fields", [[("x-long", "a" * 30_000)], [(f"x-{number}", "b" * 400) for number in range(80)]])
def test_large_headers_pass_both_ways(way: Way, program: Program, fields: list[tuple[str, str]]) -> None:
    def serve(peer: Peer) -> None:
        stream, arrived = peer.request()
        peer.head(stream, *((name, value) for name, value in arrived.items() if name.startswith("x-")), end=True)

    with program.speaking(serve), opened(way, program) as peer:
        answer = peer.answer(peer.ask(*fields))
        assert sorted(field for field in answer.fields if field[0].startswith("x-")) == sorted(fields)


def test_interim_answers_come_before_the_answer(way: Way, program: Program) -> None:
    def serve(peer: Peer) -> None:
        stream, fields = peer.request()
        assert fields["expect"] == "100-continue"
        peer.head(stream, ("link", "</a>"), status=103)
        peer.head(stream, status=100)
        body = peer.body(stream)
        peer.head(stream)
        peer.data(stream, body, end=True)

    with program.speaking(serve), opened(way, program) as peer:
        stream = peer.ask(("expect", "100-continue"), ("content-length", "5"), method="POST", end=False)
        peer.data(stream, b"hello", end=True)
        answer = peer.answer(stream)
        assert answer.body == b"hello"
        assert answer.interim == [[(":status", "103"), ("link", "</a>")], [(":status", "100")]]


def test_a_ping_comes_back(way: Way, program: Program) -> None:
    with program.speaking(echo), opened(way, program) as peer:
        peer.h2.ping(b"12345678")
        peer.flush()
        assert peer.next(PingAckReceived).ping_data == b"12345678"
        assert peer.answer(peer.ask()).status == 200


def test_priority_changes_nothing(way: Way, program: Program) -> None:
    with program.speaking(echo), opened(way, program) as peer:
        for stream in (1, 3, 101, 7):
            peer.sock.sendall(PriorityFrame(stream, depends_on=0, stream_weight=1, exclusive=True).serialize())
        assert peer.answer(peer.ask(("priority", "u=7, i"))).status == 200
        stream = peer.h2.get_next_available_stream_id()
        fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "program")]
        peer.h2.send_headers(stream, fields, end_stream=True, priority_weight=256, priority_depends_on=stream - 2)
        peer.flush()
        assert peer.answer(stream).status == 200


def test_connect_is_a_tunnel(way: Way, program: Program) -> None:
    def serve(peer: Peer) -> None:
        stream, fields = peer.request()
        assert (fields[":method"], fields[":authority"]) == ("CONNECT", "elsewhere:443")
        assert not fields.keys() & {":path", ":scheme"}
        peer.head(stream)
        first = peer.next(DataReceived, stream).data or b""
        peer.data(stream, b"<" + first + b">")
        peer.next(StreamEnded, stream)
        peer.data(stream, b"bye", end=True)

    with program.speaking(serve, strict=False), opened(way, program, strict=False) as peer:
        stream = peer.open([(":method", "CONNECT"), (":authority", "elsewhere:443")], end=False)
        assert dict(peer.next(ResponseReceived, stream).headers or ())[":status"] == "200"
        peer.data(stream, b"hello")
        assert peer.next(DataReceived, stream).data == b"<hello>"
        peer.h2.end_stream(stream)
        peer.flush()
        assert peer.next(DataReceived, stream).data == b"bye"
        peer.next(StreamEnded, stream)


def test_extended_connect_is_offered(way: Way, program: Program) -> None:
    with program.speaking(echo), opened(way, program) as peer:
        assert peer.settings_of_peer().get(SettingCodes.ENABLE_CONNECT_PROTOCOL) == 1


def test_a_websocket_over_http2(way: Way, program: Program) -> None:
    """RFC 8441."""

    def serve(peer: Peer) -> None:
        stream, fields = peer.request()
        wanted = {":method": "CONNECT", ":protocol": "websocket", ":path": "/chat", ":authority": "program"}
        assert wanted.items() <= fields.items(), fields
        assert fields["sec-websocket-version"] == "13"
        peer.head(stream, ("sec-websocket-protocol", "chat"))
        for _ in range(2):
            peer.data(stream, peer.next(DataReceived, stream).data or b"")
        peer.next(StreamEnded, stream)
        peer.data(stream, b"bye", end=True)

    with program.speaking(serve, settings=ENABLE_CONNECT, strict=False), opened(way, program, strict=False) as peer:
        pseudo = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/chat")]
        fields = [*pseudo, (":authority", "program"), ("sec-websocket-version", "13")]
        stream = peer.open(fields, end=False)
        head = dict(peer.next(ResponseReceived, stream).headers or ())
        assert (head[":status"], head["sec-websocket-protocol"]) == ("200", "chat")
        for frame in (b"\x81\x85abcdhello", b"\x88\x80abcd"):
            peer.data(stream, frame)
            assert peer.next(DataReceived, stream).data == frame
        peer.h2.end_stream(stream)
        peer.flush()
        assert peer.next(DataReceived, stream).data == b"bye"


def test_the_programs_limit_of_streams_is_kept(way: Way, program: Program) -> None:
    """All requests are answered. h2 ends a connection on which there are more, once the limit is acknowledged.

    It takes any acknowledgement for that of all settings, so the limit comes after that of the first ones.
    """

    def serve(peer: Peer) -> None:
        peer.next(SettingsAcknowledged)
        peer.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 2})
        peer.flush()
        while True:
            stream, _ = peer.request()
            peer.head(stream)
            peer.data(stream, b"x" * 1000, end=True)

    with program.speaking(serve), opened(way, program) as peer:
        first = peer.answer(peer.ask())
        streams = [peer.ask(path=f"/{number}") for number in range(30)]
        assert [first.status, *(peer.answer(stream).status for stream in streams)] == [200] * 31


def test_a_client_over_the_limit_of_streams_is_refused_only_what_is_over(way: Way, program: Program) -> None:
    def serve(peer: Peer) -> None:
        while True:
            peer.head(peer.next(StreamEnded).stream_id or 0, end=True)

    with program.speaking(serve), opened(way, program) as peer:
        limit = peer.settings_of_peer()[SettingCodes.MAX_CONCURRENT_STREAMS]
        assert 100 <= limit <= 1000
        peer.h2.remote_settings.update({SettingCodes.MAX_CONCURRENT_STREAMS: 1 << 30})
        peer.h2.remote_settings.acknowledge()
        streams = [peer.ask(end=False) for _ in range(limit)]
        with pytest.raises(WasReset) as refused:
            peer.answer(peer.ask())
        assert refused.value.code in (ErrorCodes.REFUSED_STREAM, ErrorCodes.PROTOCOL_ERROR)
        for stream in streams:
            peer.data(stream, b"hello", end=True)
        assert [peer.answer(stream).status for stream in streams] == [200] * limit
