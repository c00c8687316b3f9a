"""A front proxy as it stands in a pod of the control plane.

It is there before its server and before there are trust roots, for both families, and roots change while it serves.
"""

import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from meshkit import tls
from meshkit.bare import Host, Net, Proxy
from meshkit.foreign import CERTIFY, MESH, ControlPlane, identity
from meshkit.pair import CLIENT_IP, SERVER_IP, a_plane, key_files_of, proxy_settings, world
from meshkit.until import until

FRONT = identity("linkerd-identity", MESH)
FRONT_IP6 = "fd99::2"
PORT = 8080
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
SETTINGS = b"\4"
"""The type of the frame that a server of HTTP/2 begins with."""


@dataclass
class Front:
    net: Net
    plane: ControlPlane
    host: Host
    proxy: Proxy
    roots: Path
    socket: Path

    def open(self) -> None:
        """Its server and its roots are there."""
        self.roots.write_text(self.plane.anchors)
        self.plane.open_socket(self.socket)
        self.proxy.ready()

    def takes(self, credentials: Path) -> bool:
        """Whether it speaks HTTP/2 with a client that shows these."""
        context = tls.client(credentials)
        with self.net.hub.connect((SERVER_IP, PORT)) as connection:
            connection.settimeout(10)
            try:
                with context.wrap_socket(connection, server_hostname=FRONT) as secured:
                    secured.sendall(PREFACE)
                    return secured.recv(9)[3:4] == SETTINGS
            except (ssl.SSLError, ConnectionError):
                return False


@pytest.fixture
def front() -> Iterator[Front]:
    root = Path(tempfile.mkdtemp(prefix="hb-front-"))
    root.chmod(0o755)
    try:
        with a_plane(world()) as (net, plane):
            host = net.host("front", SERVER_IP)
            net.add_ipv6(host, FRONT_IP6)
            key_files_of(host)
            socket, roots = root / "proxy.sock", root / "ca-bundle.crt"
            settings = {
                **proxy_settings(plane, host),
                "IDENTITY_LOCAL_NAME": FRONT,
                "IDENTITY_SVC_ADDR": f"unix:{socket}",
                "IDENTITY_TRUST_ANCHORS": "",
                "IDENTITY_DIR": str(root / "none"),
                "HAUBERK_PROXY_IDENTITY_TRUST_ANCHORS_FILE": str(roots),
                "HAUBERK_PROXY_FRONT_LISTEN_ADDR": f"[::]:{PORT}",
                "HAUBERK_PROXY_FRONT_TARGET": f"unix:{socket}",
            }
            plane.tokens[b"token of front"] = FRONT
            host.must("ip", "link", "set", "lo", "up")
            yield Front(net, plane, host, _without_redirect(host, settings), roots, socket)
    finally:
        shutil.rmtree(root)


def _without_redirect(host: Host, settings: dict[str, str]) -> Proxy:
    proxy = Proxy(host, settings)
    host.must("nft", "flush", "ruleset")
    return proxy


def test_it_waits_for_roots_and_for_its_server(front: Front) -> None:
    until("it says what it lacks", lambda: "no trust roots from the file" in front.proxy.said(), seen=front.proxy.said)
    assert (front.proxy.admin("/live"), front.proxy.admin("/ready")) == (200, 503)
    front.roots.write_text(front.plane.anchors)
    until("it asks its server", lambda: "no certificate; asking again" in front.proxy.said(), seen=front.proxy.said)
    assert front.proxy.admin("/ready") == 503
    assert b"no proxy was ready at port 4191" in waiting(front.host, "50ms").stderr
    front.open()
    assert waiting(front.host, "10s").returncode == 0
    assert front.plane.asked[CERTIFY] == 1


def waiting(host: Host, timeout: str) -> subprocess.CompletedProcess[bytes]:
    """As a container's postStart hook waits."""
    return host.execute(os.environ["HAUBERK_PROXY_BINARY"], "await", f"--timeout={timeout}", "--port=4191")


@pytest.mark.parametrize("address", [f"{SERVER_IP}:{PORT}", f"[{FRONT_IP6}]:{PORT}"])
def test_other_proxies_get_their_certificates_through_it(front: Front, address: str) -> None:
    front.open()
    client = front.net.host("client", CLIENT_IP)
    front.net.add_ipv6(client, "fd99::1")
    key_files_of(client)
    settings = {**proxy_settings(front.plane, client), "IDENTITY_SVC_ADDR": address, "IDENTITY_SVC_NAME": FRONT}
    settings["HAUBERK_PROXY_VIEW_CONFIRM"] = "false"  # nobody is about to connect when the control plane ends
    Proxy(client, settings).ready()
    assert front.plane.asked[CERTIFY] == 2


def test_roots_change_without_a_restart_and_the_last_good_ones_stay(front: Front) -> None:
    front.open()
    other = tls.foreign_issuer()
    ours = tls.leaf(front.plane.authority, identity("web"), front.roots.with_name("ours.pem"))
    theirs = tls.leaf(other, identity("web"), front.roots.with_name("theirs.pem"))
    assert (front.takes(ours), front.takes(theirs)) == (True, False)
    bundle = front.plane.anchors + other.certificate.public_bytes(serialization.Encoding.PEM).decode()
    for content, result in (("nothing", "error"), (bundle, "ok")):
        before = changes(front, result)
        front.roots.write_text(content)
        until("it is seen", lambda r=result, b=before: changes(front, r) > b, within_s=20)  # type: ignore[misc]
        assert front.takes(ours)
    assert front.takes(theirs)


def changes(front: Front, result: str) -> float:
    return front.proxy.metrics().total("hauberk_trust_roots_changes_total", result=result)
