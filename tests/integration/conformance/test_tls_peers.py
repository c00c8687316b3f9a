"""Who is let in by the TLS of the proxy, and whose TLS is none of its business."""

import ssl
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conformkit.program import Program
from conformkit.surface import DIRECT, NAME, TRANSPORT
from conformkit.wire import Wire, sized
from meshkit import tls
from meshkit.mesh import Mesh
from meshkit.tls import HOUR, identity
from meshkit.workload import Workload

FEW_SECONDS = timedelta(seconds=5)
MINUTE = timedelta(minutes=1)


def refused(workload: Workload, port: int, context: ssl.SSLContext) -> bool:
    """Whether a client with these credentials gets no further than its handshake."""
    try:
        with tls.shake_hands((workload.ip, port), context, NAME) as connection:
            connection.settimeout(10)
            if port == DIRECT:
                connection.sendall(_transport_header(1))
            else:
                connection.sendall(b"GET / HTTP/1.1\r\nhost: program\r\n\r\n")
            return connection.recv(100) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def _transport_header(target: int) -> bytes:
    """Opaque, to that port."""
    message = b"\x08" + bytes([target])
    return b"transport.l5d.io/v1\r\n\r\n" + struct.pack("!I", len(message)) + message


def test_certificates_that_prove_nothing_are_refused(
    mesh: Mesh, workload: Workload, port: int, alpn: tuple[str, ...], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    issuer = tls.mesh_issuer(mesh.state)
    bad = {
        "foreign": tls.leaf(tls.foreign_issuer(), identity("client"), tmp_path / "foreign.pem"),
        "expired": tls.leaf(issuer, identity("client"), tmp_path / "expired.pem", until=now - timedelta(minutes=10)),
        "early": tls.leaf(
            issuer, identity("client"), tmp_path / "early.pem", until=now + 2 * HOUR + timedelta(minutes=10)
        ),
    }
    assert [name for name, file in bad.items() if not refused(workload, port, tls.client(file, *alpn))] == []


@pytest.mark.parametrize(("early", "is_refused"), [(FEW_SECONDS, False), (MINUTE, True)], ids=["seconds", "a minute"])
def test_a_certificate_is_believed_a_few_seconds_before_it_is_valid(
    mesh: Mesh,
    workload: Workload,
    client: Workload,
    program: Program,
    tmp_path: Path,
    early: timedelta,
    is_refused: bool,
) -> None:
    """Clocks differ."""
    del client
    end = datetime.now(UTC) + 2 * HOUR + early
    file = tls.leaf(tls.mesh_issuer(mesh.state), identity("client"), tmp_path / "skewed.pem", until=end)
    with program.serving(lambda wire: wire.send(sized(wire.request().head.first.encode()))):
        assert refused(workload, program.port, tls.client(file)) == is_refused


def test_certificates_begin_before_they_are_issued(workload: Workload, program: Program) -> None:
    """For peers whose clocks are late."""
    with program.serving(lambda wire: wire.close()):
        shown = tls.shown_by((workload.ip, program.port), NAME)
    created = datetime.fromisoformat(workload._pod["metadata"]["creationTimestamp"])
    assert shown.not_valid_before_utc <= created - 2 * FEW_SECONDS


def test_direct_connections_need_a_certificate_and_the_right_protocol(
    workload: Workload, client: Workload, mine: Path
) -> None:
    del client
    assert refused(workload, DIRECT, tls.client(None, TRANSPORT))
    assert refused(workload, DIRECT, tls.client(mine))
    assert refused(workload, DIRECT, tls.client(mine, "h2"))
    assert refused(workload, DIRECT, tls.client(mine, "h2", "http/1.1"))


def test_direct_connections_work_if_all_is_right(workload: Workload, program: Program, mine: Path) -> None:
    """So that the refusals prove something."""
    port = program.port
    message = b"\x08" + bytes([port & 0x7F | 0x80, port >> 7])
    with (
        program.serving(lambda wire: wire.send(b"<", wire.exactly(5), b">")),
        tls.shake_hands((workload.ip, DIRECT), tls.client(mine, TRANSPORT), NAME) as connection,
    ):
        connection.sendall(b"transport.l5d.io/v1\r\n\r\n" + struct.pack("!I", len(message)) + message + b"hello")
        with connection.makefile("rb") as stream:
            assert stream.read(7) == b"<hello>"


def test_a_wrong_name_is_the_programs_own_tls(workload: Workload, program: Program, tmp_path: Path) -> None:
    """Outside of direct connections: what is not for the proxy passes as it is."""
    own = tls.leaf(tls.foreign_issuer(), "own.example", tmp_path / "own.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # which the proxy itself does not speak

    def serve(wire: Wire) -> None:
        with context.wrap_socket(wire.sock, server_side=True) as secured:
            secured.sendall(b"own")

    with program.serving(serve):
        outside = tls.client(None)
        with tls.shake_hands((workload.ip, program.port), outside, "own.example") as connection:
            assert (connection.version(), connection.recv(3)) == ("TLSv1.2", b"own")
