"""Answers of a program that makes no sense, or two: the client sees a failure, never a whole answer."""

import pytest
from conformkit.failing import fails_today
from conformkit.program import Program
from conformkit.way import Way
from conformkit.wire import CHUNKED, Wire

NONSENSE = {
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "length and chunked": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "xchunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "length with a sign": b"HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello",
    "folded": b"HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 0\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
    "bare CR": b"HTTP/1.1 200 OK\r\nx-a: b\rc: d\r\ncontent-length: 0\r\n\r\n",
    "NUL": b"HTTP/1.1 200 OK\r\nx-a: \x00\r\ncontent-length: 0\r\n\r\n",
    "space before colon": b"HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\ncontent-length: 0\r\n\r\n",
    "status 99": b"HTTP/1.1 99 OK\r\ncontent-length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\ncontent-length: 0\r\n\r\n",
    "another protocol": b"220 what do you want\r\n",
    "101 that nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    "nothing": b"",
}
ACCEPTED = {
    "length and chunked": "the length is ignored",
    "xchunked": "read until the end, and passed on without the coding",
    "bare LF": "read as CRLF",
}
"""Which of them are passed on today."""


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE.keys())
def test_answers_that_can_be_read_in_two_ways_are_the_programs_failure(
    way: Way, program: Program, said: bytes, request: pytest.FixtureRequest
) -> None:
    name = next(name for name, known in NONSENSE.items() if known is said)
    fails_today(request, ACCEPTED.get(name, ""), when=name in ACCEPTED)
    fails_today(request, "it is passed on", when=name == "101 that nobody asked for" and way.name == "plain")

    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(said)

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\n\r\n")
        assert wire.response().head.status == 502


CHUNK_NONSENSE = {
    "bare LF": b"5\nhello\n0\n\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "too long": b"4\r\nhello\r\n0\r\n\r\n",
    "overflow": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "not hex": b"5\r\nhello\r\nxyz\r\n\r\n",
    "folded trailer": b"5\r\nhello\r\n0\r\nx-t: a\r\n b\r\n\r\n",
}


@pytest.mark.parametrize("said", CHUNK_NONSENSE.values(), ids=CHUNK_NONSENSE.keys())
def test_chunks_of_an_answer_that_make_no_sense_never_end_a_body(way: Way, program: Program, said: bytes) -> None:
    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(b"HTTP/1.1 200 OK\r\n", CHUNKED, b"\r\n", said)
        wire.rest()

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: program\r\n\r\n")
        with pytest.raises((EOFError, ConnectionError)):  # noqa: PT012 - it may be seen before the head is passed on
            if wire.response().head.status == 502:
                raise EOFError
