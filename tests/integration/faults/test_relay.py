"""The relay does what it says: else the other tests prove nothing."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from faultkit.fault import Cut, Direction, End
from faultkit.ports import ECHO
from faultkit.program import serving
from faultkit.relay import Relay
from meshkit import namespace
from meshkit.workload import PROXY_UID, Workload

DELAY_S = 0.05


def echo(sock: socket.socket) -> None:
    while piece := sock.recv(65536):
        sock.sendall(piece)


@pytest.fixture
def direct(server: Workload, loopback: Relay) -> Iterator[socket.socket]:
    """A connection to a program that passes nothing but the relay: it is the proxy's own, for the packet filter."""
    del loopback
    with serving(server, ECHO, echo), connect(server) as sock:
        yield sock


def connect(server: Workload) -> socket.socket:
    with namespace.sockets_of(PROXY_UID), namespace.visiting(server.program()), contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.settimeout(10)
        sock.connect((server.ip, ECHO))
        stack.pop_all()
    return sock


def exchange(sock: socket.socket, said: bytes) -> bytes:
    sock.sendall(said)
    heard = b""
    with contextlib.suppress(ConnectionError):
        while len(heard) < len(said) and (piece := sock.recv(65536)):
            heard += piece
    return heard


def test_bytes_pass_as_they_are_and_are_counted(direct: socket.socket, loopback: Relay) -> None:
    before = [loopback.passed(direction) for direction in Direction]
    said = bytes(range(256)) * 4
    assert exchange(direct, said) == said
    after = [loopback.passed(direction) for direction in Direction]
    assert [now - was for was, now in zip(before, after, strict=True)] == [len(said)] * 2


@pytest.mark.parametrize("end", list(End), ids=lambda end: end.value)
@pytest.mark.parametrize("direction", list(Direction), ids=lambda direction: direction.value)
def test_a_cut_is_at_its_byte(direct: socket.socket, loopback: Relay, direction: Direction, end: End) -> None:
    assert exchange(direct, b"before") == b"before"
    passed = loopback.passed(Direction.DOWN)
    with loopback.cutting(Cut(direction, 7, end)):
        heard = exchange(direct, b"0123456789")
    assert len(heard) <= 7
    if direction is Direction.DOWN:
        assert loopback.passed(Direction.DOWN) - passed == 7
        assert end is End.RST or heard == b"0123456"


def test_what_is_silent_is_not_closed_and_passes_later(direct: socket.socket, loopback: Relay) -> None:
    direct.settimeout(0.2)
    with loopback.silent():
        direct.sendall(b"later")
        with pytest.raises(TimeoutError):
            direct.recv(10)
    direct.settimeout(10)
    assert direct.recv(10) == b"later"


def test_a_slow_way_takes_its_time(direct: socket.socket, loopback: Relay) -> None:
    with loopback.slow(delay_s=DELAY_S):
        began = time.monotonic()
        assert exchange(direct, b"there and back") == b"there and back"
        assert time.monotonic() - began >= 2 * DELAY_S


def test_connections_are_refused_for_a_while(server: Workload, direct: socket.socket, loopback: Relay) -> None:
    assert exchange(direct, b"before") == b"before"
    with loopback.refusing():
        with pytest.raises(ConnectionError):
            # One that was kept is cut.
            assert direct.recv(1) != b""
        with pytest.raises(ConnectionRefusedError):
            connect(server)
    with connect(server) as sock:
        assert exchange(sock, b"again") == b"again"
