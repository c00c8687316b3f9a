"""Somebody has the place of a server's proxy, but not its certificate: clients tell it nothing."""

import contextlib
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from meshkit import namespace, tls
from meshkit.mesh import Mesh
from meshkit.process import is_dead
from meshkit.start import run_server
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import PROXY_UID, Workload

INBOUND = 4143
SECRET = "it-is-a-secret"  # noqa: S105 - what the client would tell the false server


class FalseProxy:
    """Listens where the proxy did. `heard` is what it is told, in plain text or after a handshake."""

    def __init__(self, pid: int, credentials: Path) -> None:
        self.heard = b""
        self.callers = 0
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(credentials)
        self._tls.set_alpn_protocols(["transport.l5d.io/v1"])
        with namespace.visiting(pid), namespace.sockets_of(PROXY_UID):
            self._listening = socket.create_server(("0.0.0.0", INBOUND))
        self._thread = threading.Thread(target=self._serve, name="false-proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listening.close()

    def _serve(self) -> None:
        # The rules of the namespace let nobody else answer at this port.
        with namespace.sockets_of(PROXY_UID):
            self._accept()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.callers += 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self.heard += connection.recv(1, socket.MSG_PEEK)
                with self._tls.wrap_socket(connection, server_side=True) as inner:
                    while piece := inner.recv(65536):
                        self.heard += piece


@pytest.fixture(scope="module")
def victim(mesh: Mesh) -> Iterator[Workload]:
    """Its proxy is dead, and its supervisor sleeps."""
    victim = run_server(mesh, "victim").ready()
    victim.process.send_signal(signal.SIGSTOP)
    with contextlib.closing(contextlib.ExitStack()) as stack:
        stack.callback(victim.process.send_signal, signal.SIGCONT)
        killed = victim.kill_proxy()
        until("its proxy is dead", lambda: is_dead(killed))
        yield victim


@pytest.mark.parametrize("flaw", ["foreign", "expired", "another"])
def test_a_request_is_not_sent_to_who_proves_nothing(
    mesh: Mesh, client: Workload, victim: Workload, tmp_path: Path, flaw: str
) -> None:
    issuer = tls.foreign_issuer() if flaw == "foreign" else tls.mesh_issuer(mesh.state)
    end = datetime.now(UTC) + timedelta(minutes=-10 if flaw == "expired" else 50)
    name = identity("server" if flaw == "another" else "victim")
    credentials = tls.leaf(issuer, name, tmp_path / "false.pem", until=end)
    with FalseProxy(victim.program(), credentials) as false:
        with client.http("victim.default.svc.cluster.local") as http:
            answer = http.get(f"/{SECRET}", {"authorization": SECRET})
        assert answer.status in (502, 503, 504)
        assert "invalid peer certificate" in answer.headers["l5d-proxy-error"]
        assert false.callers >= 1, answer
    assert set(false.heard) <= {0x16}, "more than the first byte of handshakes"


def test_with_the_right_certificate_it_would_be_told(
    mesh: Mesh, client: Workload, victim: Workload, tmp_path: Path
) -> None:
    """So that the refusals above prove something."""
    credentials = tls.leaf(tls.mesh_issuer(mesh.state), identity("victim"), tmp_path / "right.pem")
    with FalseProxy(victim.program(), credentials) as false:
        client.execute("curl", "-sS", "--max-time", "3", f"http://victim/{SECRET}")
        until("it is told something", lambda: len(false.heard) > 10)
