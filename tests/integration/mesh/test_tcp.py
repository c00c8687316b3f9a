"""What is not HTTP: opaque ports, servers that speak first, half-closed connections, TLS of the programs' own."""

import hashlib
import os
import signal
import socket
import ssl
import sys
from pathlib import Path

import redis
from meshkit import namespace, tls
from meshkit.mesh import Mesh
from meshkit.start import SERVER
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import Workload

BIG = 10 * 1024 * 1024


def test_a_half_closed_connection_is_answered(mesh: Mesh, client: Workload, server: Workload) -> None:
    address = mesh.api.service_address(server.ready().name)
    sent = os.urandom(BIG)
    with client.connect((address, 9001)) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(1000), b""))
    assert answer.decode() == f"{BIG} {hashlib.sha256(sent).hexdigest()}\n"


def test_a_server_may_speak_first_on_an_opaque_port(mesh: Mesh, client: Workload, server: Workload) -> None:
    address = mesh.api.service_address(server.ready().name)
    with client.connect((address, 9002)) as connection, connection.makefile("rb") as stream:
        assert stream.readline() == b"220 what do you want\r\n"
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert stream.readline() == b"GET / HTTP/1.1\r\n"
    secured = {"direction": "inbound", "peer": "src", "tls": "true", "client_id": identity("client")}
    assert server.metrics().total("tcp_open_total", **secured, target_addr=f"{server.ip}:9002") >= 1


def test_a_reset_is_passed_on(mesh: Mesh, client: Workload, server: Workload) -> None:
    """The other side learns that something went wrong, instead of an orderly end."""
    address = mesh.api.service_address(server.ready().name)
    with client.connect((address, 9002)) as connection, connection.makefile("rb") as stream:
        stream.readline()
        # Closing with a linger of zero is a reset (socket(7)).
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    gone = {"direction": "inbound", "peer": "src", "target_addr": f"{server.ip}:9002"}
    until("the server's connection ends", lambda: server.metrics().total("tcp_open_connections", **gone) == 0)


def test_redis_with_its_usual_client(mesh: Mesh, client: Workload) -> None:
    cache = mesh.run("cache", ["redis-server", "--save", "", "--protected-mode", "no"], ports=["6379"]).ready()
    address = mesh.api.service_address("cache")
    with namespace.visiting(client.program()):
        store = redis.Redis(host=address)
        with store.pipeline() as pipe:
            for number in range(100):
                pipe.set(f"key-{number}", "x" * number)
            pipe.execute()
        blob = os.urandom(1_000_000)
        store.set("blob", blob)
        assert store.get("blob") == blob
        assert store.dbsize() == 101
        with store.pubsub() as channel:
            channel.subscribe("news")
            assert channel.get_message(timeout=10) is not None
            assert store.publish("news", "hello") == 1
            message = channel.get_message(timeout=10)
        store.close()
    assert message is not None
    assert message["data"] == b"hello"
    opened = cache.metrics().total("tcp_open_total", direction="inbound", peer="src", tls="true")
    assert opened >= 2
    assert cache.stop() == 0


def test_tls_of_the_programs_own_is_passed_through(mesh: Mesh, client: Workload, tmp_path: Path) -> None:
    certificate = tls.leaf(tls.foreign_issuer(), "own.example", tmp_path / "own.pem")
    own = mesh.run(
        "own-tls", [sys.executable, str(SERVER)], "--env", f"CERTIFICATE={certificate}", ports=["443:9443"]
    ).ready()
    context = tls.client(None)
    plain = client.connect((mesh.api.service_address("own-tls"), 443))
    with context.wrap_socket(plain, server_hostname="own.example") as connection, connection.makefile("rb") as stream:
        der = connection.getpeercert(binary_form=True)
        assert stream.readline() == b"220 what do you want\r\n"
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
    assert der == ssl.PEM_cert_to_DER_cert(_first_certificate(certificate))
    secured = own.metrics().of("tcp_open_total", direction="inbound", peer="src", target_addr=f"{own.ip}:9443")
    assert [sample.labels.get("client_id") for sample in secured] == [identity("client")]
    assert own.stop() == 128 + signal.SIGTERM


def _first_certificate(file: Path) -> str:
    begin = "-----BEGIN CERTIFICATE-----"
    return begin + file.read_text().split(begin)[1]


def test_a_port_that_nobody_listens_on_is_a_closed_connection(mesh: Mesh, client: Workload) -> None:
    empty = mesh.run("empty", ["sleep", "infinity"], "--no-ready-check", ports=["9009"]).ready()
    with client.connect((mesh.api.service_address("empty"), 9009)) as connection:
        connection.sendall(b"\0hello")
        assert ended(connection)
    assert empty.stop() == 128 + signal.SIGTERM


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionError:
        return True
