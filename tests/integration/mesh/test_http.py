"""HTTP/1.1 and what becomes of it on its way: bodies, trailers, upgrades, headers."""

import base64
import hashlib
import os
import socket
from collections.abc import Iterator

import pytest
from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.tls import identity
from meshkit.workload import Workload

HOST = "server.default.svc.cluster.local"
BIG = 10 * 1024 * 1024


@pytest.fixture
def http(client: Workload, server: Workload) -> Iterator[Http]:
    server.ready()
    with client.http(HOST) as connection:
        yield connection


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_connection_is_kept_and_its_protocol_restored(http: Http) -> None:
    first = http.get("/one%2Ftwo?three=f%C3%BCnf", {"x-twice": "a", "accept-encoding": "identity"})
    kept = http.sock
    second = http.get("/four")
    assert http.sock is kept
    assert first.status == second.status == 200
    arrived = first.json()
    assert (arrived["version"], arrived["path"]) == ("1.1", "/one%2Ftwo?three=f%C3%BCnf")
    assert ["host", HOST] in arrived["headers"]
    assert ["x-twice", "a"] in arrived["headers"]
    assert "connection" not in first.headers


def test_the_client_is_named_to_the_server_and_cannot_name_another(http: Http) -> None:
    forged = {"l5d-client-id": identity("server"), "L5D-Dst-Override": "elsewhere:80", "l5d-orig-proto": "HTTP/2"}
    arrived = http.get("/", forged).json()["headers"]
    named = [(name, value) for name, value in arrived if name.startswith("l5d-")]
    assert named == [("l5d-client-id", identity("client"))]


def test_who_is_in_no_mesh_has_no_name(server: Workload) -> None:
    def direct() -> socket.socket:
        return socket.create_connection((server.ready().ip, 8080), 10)

    with Http(server.name, direct) as outsider:
        arrived = outsider.get("/", {"l5d-client-id": identity("client"), "l5d-orig-proto": "HTTP/1.0"}).json()
    assert arrived["version"] == "1.1"
    assert not [name for name, _ in arrived["headers"] if name.startswith("l5d-")]


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "sized"])
def test_big_bodies_arrive_whole_in_both_directions(http: Http, *, chunked: bool) -> None:
    sent = os.urandom(BIG)
    pieces = (sent[at : at + 50_000] for at in range(0, BIG, 50_000))
    if chunked:
        up = http.ask("POST", "/digest", pieces, {"transfer-encoding": "chunked"}, chunked=True)
    else:
        up = http.ask("POST", "/digest", sent, {"content-length": str(BIG)})
    assert up.json() == {"length": BIG, "sha256": digest(sent), "chunked": chunked}
    down = http.get(f"/bytes?n={BIG}" + ("" if chunked else "&sized"))
    assert digest(down.body) == digest(bytes(range(256)) * (BIG // 256))
    assert down.headers.get("transfer-encoding") == ("chunked" if chunked else None)
    assert down.headers.get("content-length") == (None if chunked else str(BIG))


def test_trailers_pass_both_ways(client: Workload, server: Workload, mesh: Mesh) -> None:
    address = mesh.api.service_address(server.ready().name)
    annotated = (address, 9003)
    request = (
        b"POST / HTTP/1.1\r\nhost: server:9003\r\nte: trailers\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n"
        b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 42\r\n\r\n"
    )
    with client.connect(annotated) as connection, connection.makefile("rb") as stream:
        for _ in range(2):
            connection.sendall(request)
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            assert b"transfer-encoding: chunked\r\n" in list(iter(stream.readline, b"\r\n"))
            body = b""
            while size := int(stream.readline().split(b";")[0], 16):
                body += stream.read(size)
                stream.readline()
            assert body == digest(b"hello world").encode() + b" x-sum: 42"
            assert list(iter(stream.readline, b"\r\n")) == [b"x-checksum: 4711\r\n"]


def test_a_head_request_has_a_length_and_no_body(http: Http) -> None:
    answer = http.ask("HEAD", "/bytes?n=1000&sized")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "1000", b"")
    assert http.get("/").status == 200


def test_expect_100_continue_is_answered(client: Workload, server: Workload, mesh: Mesh) -> None:
    address = mesh.api.service_address(server.ready().name)
    with client.connect((address, 80)) as connection, connection.makefile("rb") as stream:
        head = b"POST /digest HTTP/1.1\r\nhost: server\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        connection.sendall(head)
        assert stream.readline().startswith(b"HTTP/1.1 100 ")
        assert stream.readline() == b"\r\n"
        connection.sendall(b"hello")
        assert stream.readline().startswith(b"HTTP/1.1 200 ")


def test_http_1_0_closes_after_its_answer(client: Workload, server: Workload, mesh: Mesh) -> None:
    address = mesh.api.service_address(server.ready().name)
    with client.connect((address, 80)) as connection:
        connection.sendall(b"GET /bytes?n=300000 HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert b"transfer-encoding" not in head.lower()
    assert digest(body) == digest((bytes(range(256)) * 2000)[:300_000])


def test_a_websocket_is_a_tunnel(client: Workload, server: Workload, mesh: Mesh) -> None:
    address = mesh.api.service_address(server.ready().name)
    key = base64.b64encode(os.urandom(16)).decode()
    with client.connect((address, 80)) as connection, connection.makefile("rb") as stream:
        connection.sendall(
            f"GET /ws HTTP/1.1\r\nhost: server\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n".encode()
        )
        assert stream.readline().startswith(b"HTTP/1.1 101 ")
        head = b"".join(iter(stream.readline, b"\r\n")).lower()
        accepted = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())  # noqa: S324 - RFC 6455
        assert b"sec-websocket-accept: " + accepted.lower() in head
        for text in (b"hello", b"again", bytes([65]) * 125):
            connection.sendall(frame(0x81, text))
            assert stream.read(2 + len(text)) == bytes([0x81, len(text)]) + text
        connection.sendall(frame(0x81, b"end"))
        assert stream.read(4) == b"\x88\x02\x0f\xa0"
        connection.sendall(frame(0x88, b"\x0f\xa0"))
        assert stream.read() == b""


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked (RFC 6455, 5.3)."""
    mask = os.urandom(4)
    return bytes([opcode, 0x80 | len(payload)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def test_a_client_that_leaves_early_costs_nobody_else_anything(client: Workload, server: Workload, mesh: Mesh) -> None:
    address = mesh.api.service_address(server.ready().name)
    with client.http(HOST) as kept:
        assert kept.get("/").status == 200
        for _ in range(5):
            with client.connect((address, 80)) as leaver:
                leaver.sendall(b"GET /bytes?n=50000000 HTTP/1.1\r\nhost: server\r\n\r\n")
                assert leaver.recv(100)
        assert kept.get("/").status == 200


def test_curl_finds_it_by_its_short_name(client: Workload, server: Workload) -> None:
    server.ready()
    done = client.execute("curl", "-sS", "http://server/short")
    assert done.returncode == 0, done.stderr
    assert b'"path": "/short"' in done.stdout
