"""HTTP/1 messages by hand on both sides: kept and ended connections, framing, targets, hosts."""

import os
import threading

import pytest
from conformkit.program import Program
from conformkit.way import Way
from conformkit.wire import CHUNKED, Wire, chunks, sized

GET = b"GET /%d HTTP/1.1\r\nhost: program\r\n\r\n"


def echo(wire: Wire) -> None:
    """Answers each request with its target and its body."""
    while True:
        request = wire.request()
        wire.send(sized(f"{request.head.target} ".encode() + request.body))


def test_http_1_0_is_kept_if_asked_and_only_then(way: Way, program: Program) -> None:
    with program.serving(echo), way.wire(program.port) as wire:
        for number in range(3):
            wire.send(b"GET /%d HTTP/1.0\r\nhost: program\r\nconnection: keep-alive\r\n\r\n" % number)
            answer = wire.response()
            assert answer.body == b"/%d " % number
            assert (answer.head.get("connection") or "").lower() == "keep-alive"
        wire.send(b"GET /last HTTP/1.0\r\nhost: program\r\n\r\n")
        assert wire.response().body == b"/last "
        assert wire.ended()


def test_http_1_0_is_never_answered_in_chunks(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 OK\r\n", CHUNKED, b"\r\n", chunks(b"hello", b" world"))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"GET / HTTP/1.0\r\nhost: program\r\n\r\n")
        answer = wire.response()
        assert (answer.head.get("transfer-encoding"), answer.body) == (None, b"hello world")


def test_pipelined_requests_are_answered_in_their_order(way: Way, program: Program) -> None:
    post = b"POST /%d HTTP/1.1\r\nhost: program\r\ncontent-length: 5\r\n\r\nhello"
    with program.serving(echo), way.wire(program.port) as wire:
        wire.send(*((post if number % 3 else GET) % number for number in range(30)))
        for number in range(30):
            assert wire.response().body == b"/%d " % number + (b"hello" if number % 3 else b"")


def test_a_pipeline_survives_that_its_client_ends_its_side(way: Way, program: Program) -> None:
    with program.serving(echo), way.wire(program.port) as wire:
        wire.send(*(GET % number for number in range(5)))
        wire.finish()
        assert [wire.response().body for _ in range(5)] == [b"/%d " % number for number in range(5)]
        assert wire.ended()


def test_connection_close_is_obeyed_on_both_sides(way: Way, program: Program) -> None:
    with program.serving(echo), way.wire(program.port) as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: program\r\nconnection: close\r\n\r\n")
        assert wire.response().head.get("connection") == "close"
        assert wire.ended()


def test_a_program_that_closes_after_each_answer_is_served_all_the_same(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        target = wire.request().head.target
        wire.send(sized(target.encode(), b"HTTP/1.1 200 OK", b"connection: close"))

    with program.serving(serve), way.wire(program.port) as wire:
        for number in range(5):
            wire.send(GET % number)
            answer = wire.response()
            assert answer.body == b"/%d" % number
            assert answer.head.get("connection") is None


def test_chunks_and_trailers_pass_both_ways(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        request = wire.request()
        trailers = b"".join(f"{name}: {value}\r\n".encode() for name, value in request.trailers)
        wire.send(b"HTTP/1.1 200 OK\r\n", CHUNKED, b"trailer: x-sum, x-own\r\n\r\n")
        wire.send(chunks(request.body[:3], request.body[3:], trailers=trailers + b"x-own: 1\r\n"))

    with program.serving(serve), way.wire(program.port) as wire:
        head = b"POST / HTTP/1.1\r\nhost: program\r\nte: trailers\r\ntrailer: x-sum\r\n"
        wire.send(head, CHUNKED, b"\r\n", chunks(b"hel", b"lo world", trailers=b"x-sum: 42\r\n"))
        answer = wire.response()
        assert answer.body == b"hello world"
        assert answer.trailers == (("x-sum", "42"), ("x-own", "1"))


def test_trailers_need_no_announcement(way: Way, program: Program) -> None:
    """RFC 9110, 6.6.2: it is a hint."""

    def serve(wire: Wire) -> None:
        trailers = wire.request().trailers
        body = repr(trailers).encode()
        wire.send(b"HTTP/1.1 200 OK\r\n", CHUNKED, b"\r\n", chunks(body, trailers=b"x-own: 1\r\n"))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\nte: trailers\r\n", CHUNKED, b"\r\n")
        wire.send(chunks(b"hello", trailers=b"x-sum: 42\r\n"))
        answer = wire.response()
        assert (answer.body, answer.trailers) == (b"(('x-sum', '42'),)", (("x-own", "1"),))


def test_pieces_of_a_body_are_passed_on_as_they_come(way: Way, program: Program) -> None:
    """Nobody waits for the end of a message: each piece is an answer to the piece of the other side."""

    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(b"HTTP/1.1 200 OK\r\n", CHUNKED, b"\r\n")
        while size := int(wire.line(), 16):
            piece = wire.exactly(size)
            wire.line()
            wire.send(b"%x\r\n%s\r\n" % (size, piece))
        wire.line()
        wire.send(b"0\r\n\r\n")

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\n", CHUNKED, b"\r\n")
        assert wire.head().status == 200
        for number in range(5):
            wire.send(b"6\r\nping %d\r\n" % number)
            assert (wire.line(), wire.exactly(6), wire.line()) == ("6", b"ping %d" % number, "")
        wire.send(b"0\r\n\r\n")
        assert (wire.line(), wire.line()) == ("0", "")


@pytest.mark.parametrize(
    ("head", "method"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", b"HEAD", id="HEAD with a length"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"HEAD", id="HEAD of chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"HEAD", id="HEAD without a length"),
        pytest.param(
            b"HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\n\r\n",
            b"GET",
            id="304 with a length",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"GET", id="204"),
    ],
)
def test_answers_without_bodies_leave_the_connection_usable(
    way: Way, program: Program, head: bytes, method: bytes
) -> None:
    def serve(wire: Wire) -> None:
        while True:
            first = wire.request().head.first
            wire.send(sized(b"next") if "/next" in first else head)

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(method + b" / HTTP/1.1\r\nhost: program\r\n\r\nGET /next HTTP/1.1\r\nhost: program\r\n\r\n")
        answer = wire.response(bodiless=method == b"HEAD").head
        assert answer.status == int(head.split()[1])
        if b"content-length" in head:
            assert answer.get("content-length") == "1000"
        if answer.status == 204:
            assert (answer.get("content-length"), answer.get("transfer-encoding")) == (None, None)
        assert wire.response().body == b"next"


def test_a_body_that_ends_with_its_connection_arrives_whole(way: Way, program: Program) -> None:
    body = os.urandom(300_000)

    def serve(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n", body)

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(GET % 1)
        assert wire.response().body == body


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(b"content-length: 10\r\n\r\nhello", id="sized"),
        pytest.param(b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", id="chunked"),
        pytest.param(b"transfer-encoding: chunked\r\n\r\na\r\nhello", id="within a chunk"),
    ],
)
def test_a_body_that_is_cut_is_never_a_whole_one(way: Way, program: Program, cut: bytes) -> None:
    def serve(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 OK\r\n" + cut)

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(GET % 1)
        with pytest.raises((EOFError, ConnectionError)):  # noqa: PT012 - the head may come or not
            answer = wire.response()
            if answer.head.status == 502:
                raise EOFError


@pytest.mark.parametrize(
    "answered", [b"", b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n5\r\nhello\r\n"], ids=["before", "within"]
)
def test_a_request_whose_client_leaves_is_cut_at_the_program(way: Way, program: Program, answered: bytes) -> None:
    begun, cut = threading.Event(), threading.Event()

    def serve(wire: Wire) -> None:
        wire.head()
        assert wire.exactly(5) == b"hello"
        wire.send(answered)
        begun.set()
        if wire.ended():
            cut.set()

    with program.serving(serve):
        with way.wire(program.port) as wire:
            wire.send(b"POST / HTTP/1.1\r\nhost: program\r\ncontent-length: 10\r\n\r\nhello")
            assert begun.wait(5), "the program waits for a part of a body that was sent"
            if answered:
                assert (wire.head().status, wire.line(), wire.line()) == (200, "5", "hello")
        assert cut.wait(5), "the program waits for the rest of a body that nobody sends"


def test_a_body_that_makes_no_sense_is_cut_at_a_program_that_answers_already(way: Way, program: Program) -> None:
    cut = threading.Event()

    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(b"HTTP/1.1 200 OK\r\n", CHUNKED, b"\r\n5\r\nhello\r\n")
        wire.rest()
        cut.set()

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\n", CHUNKED, b"\r\n5\r\nhello\r\n")
        assert (wire.head().status, wire.line(), wire.line()) == (200, "5", "hello")
        wire.send(b"no size\r\n")
        assert wire.ended()
        assert cut.wait(5)


def test_an_early_answer_reaches_a_client_that_still_sends(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(sized(b"too large", b"HTTP/1.1 413 Content Too Large", b"connection: close"))
        wire.finish()
        wire.rest()

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\ncontent-length: 50000000\r\n\r\n", bytes(100_000))
        answer = wire.response()
        assert (answer.head.status, answer.body) == (413, b"too large")


def test_absolute_targets_and_their_host(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        while True:
            head = wire.request().head
            wire.send(sized(f"{head.target} {head.all('host')}".encode()))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"GET http://program/a?b HTTP/1.1\r\nhost: program\r\n\r\n")
        assert wire.response().body in (b"http://program/a?b ['program']", b"/a?b ['program']")
        wire.send(b"GET http://program/a?b HTTP/1.1\r\nhost: other\r\n\r\n")
        # RFC 9112, 3.2.2: a proxy replaces the host; or nobody has to choose at all.
        assert wire.response().body in (b"http://program/a?b ['program']", b"/a?b ['program']", b"")


def test_options_of_the_server_itself(way: Way, program: Program) -> None:
    with program.serving(echo), way.wire(program.port) as wire:
        wire.send(b"OPTIONS * HTTP/1.1\r\nhost: program\r\n\r\n")
        assert wire.response().body == b"* "


def test_a_missing_host_is_refused_but_for_http_1_0(way: Way, program: Program) -> None:
    with program.serving(echo):
        with way.wire(program.port) as wire:
            wire.send(b"GET / HTTP/1.1\r\n\r\n")
            assert wire.response().head.status == 400
            assert wire.ended()
        with way.wire(program.port) as wire:
            wire.send(b"GET / HTTP/1.0\r\n\r\n")
            assert wire.response().body == b"/ "


def test_headers_that_connection_names_go_no_further(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        head = wire.request().head
        names = " ".join(sorted(name for name, _ in head.fields))
        wire.send(sized(names.encode(), b"HTTP/1.1 200 OK", b"connection: x-hop", b"x-hop: 1", b"x-kept: 1"))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(
            b"GET / HTTP/1.1\r\nhost: program\r\nconnection: x-hop, keep-alive\r\nx-hop: 1\r\nx-kept: 1\r\n"
            b"keep-alive: timeout=5\r\nproxy-connection: keep-alive\r\nte: trailers\r\n\r\n"
        )
        answer = wire.response()
        assert not {"x-hop", "keep-alive", "proxy-connection"} & set(answer.body.decode().split())
        assert "x-kept" in answer.body.decode().split()
        assert (answer.head.get("x-hop"), answer.head.get("x-kept")) == (None, "1")
