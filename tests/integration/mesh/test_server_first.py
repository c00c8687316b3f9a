"""Protocols in which the server speaks first, or nobody for a while, on ports that nobody declared anything about."""

import http.server
import smtplib
import socket
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import redis
from meshkit import namespace
from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.outside import outside
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import Workload

SMTP_PORT = 2525
REDIS_PORT = 7379
DETECT_TIMEOUT_S = 10
"""What a client that waits for its server would wait for if nobody dialled that; tests give sockets less."""


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", subject
    message.set_content("hello\n" * 1000)
    return message


@pytest.fixture(scope="module")
def post(mesh: Mesh) -> Iterator[Workload]:
    """An SMTP server that writes what it gets on its standard output."""
    words = [sys.executable, "-u", "-m", "aiosmtpd", "-n", "-l", f"0.0.0.0:{SMTP_PORT}"]
    server = mesh.run("post", [*words, "-c", "aiosmtpd.handlers.Debugging", "stdout"], ports=[str(SMTP_PORT)]).ready()
    yield server
    server.stop()


@pytest.mark.parametrize("by", ["service", "pod"])
def test_mail_is_delivered(mesh: Mesh, client: Workload, post: Workload, by: str) -> None:
    address = mesh.api.service_address("post") if by == "service" else post.ip
    with namespace.visiting(client.program()):
        for number in range(3):
            with smtplib.SMTP(address, SMTP_PORT, timeout=DETECT_TIMEOUT_S / 2) as connection:
                connection.send_message(mail(f"{by} {number}"))
    until("all is printed", lambda: all(f"{by} {number}\n" in post.said() for number in range(3)), seen=post.said)
    secured = {"direction": "inbound", "peer": "src", "tls": "true", "client_id": identity("client")}
    assert post.metrics().total("tcp_open_total", **secured, target_addr=f"{post.ip}:{SMTP_PORT}") >= 3


def test_mail_of_a_program_in_no_mesh_is_delivered(post: Workload) -> None:
    with smtplib.SMTP(post.ip, SMTP_PORT, timeout=DETECT_TIMEOUT_S / 2) as connection:
        connection.send_message(mail("plain"))
    until("it is printed", lambda: "plain\n" in post.said(), seen=post.said)


def test_a_replica_follows_its_primary(mesh: Mesh, client: Workload, tmp_path: Path) -> None:
    words = ["redis-server", "--port", str(REDIS_PORT), "--save", "", "--protected-mode", "no", "--dir", str(tmp_path)]
    primary = mesh.run("primary", words, ports=[str(REDIS_PORT)]).ready()
    following = ["--replicaof", "primary", str(REDIS_PORT), "--repl-diskless-sync-delay", "0"]
    replica = mesh.run("replica", [*words, *following], ports=[str(REDIS_PORT)]).ready()
    with namespace.visiting(client.program()):
        first = redis.Redis(host=mesh.api.service_address("primary"), port=REDIS_PORT)
        second = redis.Redis(host=mesh.api.service_address("replica"), port=REDIS_PORT)
        first.set("before", "1")
        until("it follows", lambda: second.info("replication")["master_link_status"] == "up", seen=replica.said)
        first.set("after", b"x" * 1_000_000)
        until("it has all", lambda: (second.get("before"), second.strlen("after")) == (b"1", 1_000_000))
        first.close()
        second.close()
    opened = {"direction": "inbound", "peer": "src", "client_id": identity("replica")}
    assert primary.metrics().total("tcp_open_total", **opened) >= 1
    assert (replica.stop(), primary.stop()) == (0, 0)


def test_a_silent_client_may_still_speak_http(mesh: Mesh, client: Workload, server: Workload) -> None:
    """As a browser that connects before it knows what to ask for."""
    address = (mesh.api.service_address(server.ready().name), 80)
    dialled = {"direction": "outbound", "peer": "dst", "target_addr": f"{server.ip}:8080"}
    answered = {"direction": "outbound", "target_addr": f"{server.ip}:8080", "status_code": "200"}
    before = client.metrics()
    with Http("server", lambda: client.connect(address)) as http:
        http.connect()
        early = before.total("tcp_open_total", **dialled) + 1
        until("it is dialled", lambda: client.metrics().total("tcp_open_total", **dialled) >= early)
        assert http.get("/").status == 200
    counted = client.metrics().total("response_total", **answered) - before.total("response_total", **answered)
    assert counted == 1


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"hi")

    def log_message(self, *_: object) -> None:
        pass


def test_what_leaves_the_mesh_is_measured_as_what_it_is(mesh: Mesh, client: Workload) -> None:
    with outside(mesh, Site) as address, Http("plain.example", lambda: client.connect(address)) as site:
        assert [site.get("/").status for _ in range(3)] == [200, 200, 200]
    known = {"direction": "outbound", "target_addr": f"{address[0]}:{address[1]}"}
    unmeshed = {"tls": "no_identity", "no_tls_reason": "not_provided_by_service_discovery"}
    until("counted", lambda: client.metrics().total("response_total", **known, **unmeshed, status_code="200") == 3)
    assert client.metrics().total("tcp_open_total", **known, **unmeshed, peer="dst") >= 1


def test_a_server_outside_may_speak_first(mesh: Mesh, client: Workload) -> None:
    with socket.create_server((str(mesh.slot.gateway), 0)) as listening:
        listening.settimeout(DETECT_TIMEOUT_S / 2)
        address = listening.getsockname()
        with client.connect(address) as connection:
            there, _ = listening.accept()
            there.sendall(b"220 outside\r\n")
            assert connection.recv(100) == b"220 outside\r\n"
            connection.sendall(b"QUIT\r\n")
            assert there.recv(100) == b"QUIT\r\n"
            there.close()
            assert connection.recv(100) == b""
    known = {"direction": "outbound", "peer": "dst", "target_addr": f"{address[0]}:{address[1]}"}
    until("its bytes count", lambda: client.metrics().total("tcp_read_bytes_total", **known) == len(b"220 outside\r\n"))
