"""Connections that stop being HTTP: CONNECT and Upgrade."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conformkit.program import Program
from conformkit.way import Way
from conformkit.wire import Wire, sized
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve

CONNECT = b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere:443\r\n\r\n"
UPGRADE = b"GET /up HTTP/1.1\r\nhost: program\r\nconnection: Upgrade\r\nupgrade: lines/1\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: lines/1\r\n\r\n"
OPENED = {"CONNECT": (CONNECT, b"HTTP/1.1 200 Connected\r\n\r\n"), "Upgrade": (UPGRADE, SWITCHING)}
BIG = 3 * 1024 * 1024

opened = pytest.mark.parametrize(("asked", "granted"), OPENED.values(), ids=OPENED.keys())


@opened
def test_bytes_pass_both_ways(way: Way, program: Program, asked: bytes, granted: bytes) -> None:
    def lines(wire: Wire) -> None:
        head = wire.head()
        assert head.first == asked.split(b"\r\n")[0].decode()
        assert head.get("upgrade") == ("lines/1" if asked is UPGRADE else None)
        wire.send(granted, b"welcome\r\n")
        for _ in range(3):
            wire.send(f"<{wire.line()}>\r\n".encode())

    with program.serving(lines), way.wire(program.port) as wire:
        wire.send(asked)
        head = wire.head()
        assert head.status == int(granted.split()[1])
        assert (head.get("content-length"), head.get("transfer-encoding")) == (None, None)
        assert wire.line() == "welcome"
        for text in ("one", "GET / HTTP/1.1", ""):
            wire.send(f"{text}\r\n".encode())
            assert wire.line() == f"<{text}>"
        assert wire.ended()


@opened
def test_what_is_sent_at_once_behind_the_request_is_of_the_tunnel(
    way: Way, program: Program, asked: bytes, granted: bytes
) -> None:
    def lines(wire: Wire) -> None:
        wire.head()
        wire.send(granted)
        wire.send(wire.exactly(5))

    with program.serving(lines), way.wire(program.port) as wire:
        wire.send(asked, b"hello")
        assert wire.head().status == int(granted.split()[1])
        assert wire.exactly(5) == b"hello"


@opened
def test_each_side_may_end_alone(way: Way, program: Program, asked: bytes, granted: bytes) -> None:
    up, down = os.urandom(BIG), os.urandom(BIG)
    arrived: list[bytes] = []

    def client_ends_first(wire: Wire) -> None:
        wire.head()
        wire.send(granted)
        arrived.append(wire.rest())
        wire.send(down)

    with program.serving(client_ends_first), way.wire(program.port) as wire:
        wire.send(asked)
        wire.head()
        wire.send(up)
        wire.finish()
        assert wire.rest() == down
    assert arrived == [up]


@opened
def test_the_program_may_end_its_side_first(way: Way, program: Program, asked: bytes, granted: bytes) -> None:
    up = os.urandom(BIG)
    arrived: list[bytes] = []
    over = threading.Event()

    def serve_(wire: Wire) -> None:
        wire.head()
        wire.send(granted, b"bye")
        wire.finish()
        arrived.append(wire.rest())
        over.set()

    with program.serving(serve_), way.wire(program.port) as wire:
        wire.send(asked)
        wire.head()
        assert wire.rest() == b"bye"
        wire.send(up)
        wire.finish()
        assert over.wait(10)
    assert [len(piece) for piece in arrived] == [BIG]
    assert arrived == [up]


@opened
def test_a_reset_is_passed_on(way: Way, program: Program, asked: bytes, granted: bytes) -> None:
    reset = threading.Event()

    def serve_(wire: Wire) -> None:
        wire.head()
        wire.send(granted)
        if wire.ended():
            reset.set()

    with program.serving(serve_):
        wire = way.wire(program.port)
        wire.send(asked)
        wire.head()
        wire.reset()
        assert reset.wait(5)


@opened
def test_a_refusal_is_an_answer_like_others(way: Way, program: Program, asked: bytes, granted: bytes) -> None:
    del granted

    def refuse(wire: Wire) -> None:
        for _ in range(3):
            wire.head()
            wire.send(sized(b"no", b"HTTP/1.1 403 Forbidden"))

    with program.serving(refuse), way.wire(program.port) as wire:
        wire.send(asked)
        answer = wire.response()
        assert (answer.head.status, answer.body) == (403, b"no")
        wire.send(b"GET / HTTP/1.1\r\nhost: program\r\n\r\n")
        assert wire.response().body == b"no"


def test_an_upgrade_may_have_a_body(way: Way, program: Program) -> None:
    def lines(wire: Wire) -> None:
        body = wire.request().body
        wire.send(SWITCHING, body)
        wire.send(wire.exactly(6))

    head = UPGRADE.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\ncontent-length: 5\r\n\r\n")
    with program.serving(lines), way.wire(program.port) as wire:
        wire.send(head, b"hello", b" again")
        assert wire.head().status == 101
        assert wire.exactly(11) == b"hello again"


def test_http_1_0_cannot_upgrade(way: Way, program: Program) -> None:
    """RFC 9110, 7.8: a server ignores an Upgrade of HTTP/1.0."""

    def serve_(wire: Wire) -> None:
        head = wire.request().head
        wire.send(sized(b"ignored" if head.get("upgrade") is None or head.first.endswith("1.0") else b"asked"))

    with program.serving(serve_), way.wire(program.port) as wire:
        wire.send(UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = wire.response()
        assert (answer.head.status, answer.body) == (200, b"ignored")


@contextmanager
def websockets(program: Program) -> Iterator[Server]:
    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, sock=program.listen(), max_size=2 * BIG) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def test_a_websocket_by_a_library_on_both_sides(way: Way, program: Program) -> None:
    big = os.urandom(BIG)
    with (
        websockets(program),
        connect("ws://program/chat", sock=way.connect(program.port), max_size=2 * BIG) as connection,
    ):
        for message in ("hello", "", "ü" * 100, big):
            connection.send(message)
            assert connection.recv(timeout=20) == message
        assert connection.ping().wait(10)
        connection.close(4000, "bye")
        assert (connection.close_code, connection.close_reason) == (4000, "bye")
