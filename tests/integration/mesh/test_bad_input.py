"""Peers that are broken or mean, straight at a pod's proxy. Whatever they do, other clients see nothing."""

import os
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from meshkit import tls
from meshkit.http import ask
from meshkit.mesh import Mesh
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import Workload

HOST = "server.default.svc.cluster.local"
GET = b"GET /about HTTP/1.1\r\nhost: server\r\n\r\n"


@pytest.fixture(autouse=True)
def unharmed(client: Workload, server: Workload) -> Iterator[None]:
    """After each test the same proxies serve as before."""
    before = server.ready().proxy(), client.proxy()
    yield
    with client.http(HOST) as http:
        assert http.get("/about").status == 200
    assert (server.proxy(), client.proxy()) == before


def direct(server: Workload, port: int = 8080) -> socket.socket:
    return socket.create_connection((server.ip, port), 15)


def answer(connection: socket.socket) -> bytes:
    """All that comes until the end; a reset is an end, a connection that stays open is not."""
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except ConnectionError:
        pass
    return said


def statuses(said: bytes) -> list[bytes]:
    return [line for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def test_random_bytes_reach_the_program_and_nothing_else(server: Workload) -> None:
    """They are no protocol that the proxy knows, so they are the program's."""
    for _ in range(20):
        with direct(server) as connection:
            connection.sendall(os.urandom(2000))
            connection.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 200" not in answer(connection)


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n", id="no colon"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\nx: \x00\r\n\r\n", id="a zero byte"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", id="two hosts"),
        pytest.param(
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and chunked",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello", id="two lengths"
        ),
        pytest.param(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", id="xchunked"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 200_000 + b"\r\n\r\n", id="a huge header"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", id="many headers"),
    ],
)
def test_heads_that_servers_read_differently_are_refused_and_end_the_connection(
    client: Workload, server: Workload, mesh: Mesh, garbage: bytes
) -> None:
    """From outside, and from the program that the client's proxy stands beside."""
    for connection in (direct(server), client.connect((mesh.api.service_address("server"), 80))):
        with connection:
            said = send(connection, garbage + GET)
            got = statuses(said)
            assert len(got) <= 1, said
            assert not got or got[0].split()[1] in (b"400", b"431"), said


def send(connection: socket.socket, data: bytes) -> bytes:
    try:
        connection.sendall(data)
    except ConnectionError:
        return b""
    return answer(connection)


def test_a_head_that_trickles_costs_only_its_own_connection(server: Workload) -> None:
    """A slow head is closed; meanwhile others are served as if it were not there."""
    slow = [direct(server) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /about HTTP/1.1\r\nhost: server\r\nx-slow: ")
    assert ask(lambda: direct(server), "server", "/about").status == 200
    for connection in slow[1:]:
        connection.close()
    with slow[0] as kept:
        kept.settimeout(40)
        assert statuses(answer(kept)) in ([], [b"HTTP/1.1 408 Request Timeout"], [b"HTTP/1.1 400 Bad Request"])


def test_bytes_after_an_http2_preface_that_are_no_frames_end_the_connection(server: Workload) -> None:
    with direct(server) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(3000))
        answer(connection)


@pytest.fixture
def mine(mesh: Mesh, tmp_path: Path) -> Path:
    """A certificate for the name `client`, as good as the one that its own proxy has."""
    return tls.leaf(tls.mesh_issuer(mesh.state), identity("client"), tmp_path / "mine.pem")


def named(server: Workload, credentials: Path | None) -> str | None:
    """Who the server is told that we are; raises OSError if we don't get that far."""
    connection = tls.shake_hands((server.ip, 8080), tls.client(credentials), identity("server"))
    with connection:
        connection.sendall(GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\nl5d-client-id: forged\r\n\r\n"))
        said = b""
        while piece := connection.recv(65536):
            said += piece
    assert said.startswith(b"HTTP/1.1 200"), said
    names = [part for part in said.decode().split('"') if part.endswith(".cluster.local") or part == "forged"]
    return names[0] if names else None


def test_a_genuine_certificate_is_believed(server: Workload, mine: Path) -> None:
    """So that the refusals below prove something."""
    assert named(server, mine) == identity("client")
    assert named(server, None) is None


def test_certificates_that_prove_nothing_are_refused(mesh: Mesh, server: Workload, tmp_path: Path) -> None:
    foreign = tls.leaf(tls.foreign_issuer(), identity("client"), tmp_path / "foreign.pem")
    ended = datetime.now(UTC) - timedelta(minutes=10)
    expired = tls.leaf(tls.mesh_issuer(mesh.state), identity("client"), tmp_path / "expired.pem", until=ended)
    early = tls.leaf(
        tls.mesh_issuer(mesh.state), identity("client"), tmp_path / "early.pem", until=ended + timedelta(hours=5)
    )
    for credentials in (foreign, expired, early):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            named(server, credentials)


def test_idle_connections_by_the_hundred_leave_room_for_others(server: Workload) -> None:
    before = descriptors(server)
    idle = [direct(server) for _ in range(400)]
    try:
        assert ask(lambda: direct(server), "server", "/about").status == 200
        assert descriptors(server) >= before + 400
    finally:
        for connection in idle:
            connection.close()
    until("what they held is free again", lambda: descriptors(server) < before + 20)


def descriptors(workload: Workload) -> float:
    return workload.metrics().total("process_open_fds")
