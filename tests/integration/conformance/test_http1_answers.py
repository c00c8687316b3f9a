"""Answers of a program that makes no sense, or two: the client sees a failure, never a whole answer."""

import pytest
from conformkit.program import Program
from conformkit.way import Way
from conformkit.wire import CHUNKED, Wire

NONSENSE = {
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "length and chunked": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "xchunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "length with a sign": b"HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello",
    "folded": b"HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 0\r\n\r\n",
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


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE.keys())
def test_answers_that_can_be_read_in_two_ways_are_the_programs_failure(way: Way, program: Program, said: bytes) -> None:
    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(said)

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\n\r\n")
        assert wire.response().head.status == 502


def test_lines_of_an_answer_may_end_with_lf_alone_and_are_mended(way: Way, program: Program) -> None:
    """There are servers that do that, and a program is trusted by its own proxy (RFC 9112, 2.2)."""

    def serve(wire: Wire) -> None:
        for body in (b"hello", b"again"):
            wire.head()
            wire.send(b"HTTP/1.1 200 OK\nx-a: b\ncontent-length: 5\n\n", body)

    with program.serving(serve), way.wire(program.port) as wire:
        for body in (b"hello", b"again"):
            wire.send(b"GET / HTTP/1.1\r\nhost: program\r\n\r\n")
            answer = wire.response()
            assert (answer.head.status, answer.head.get("x-a"), answer.body) == (200, "b", body)


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
