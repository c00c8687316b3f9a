"""What the proxy offers in TLS: on the port of direct connections, and on all others under its name."""

import shutil
import socket
import struct
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from conformkit.hello import GROUPS, SUITES, Hello, ask, extension
from conformkit.memory import MB, bounded
from conformkit.surface import DIRECT, NAME, TRANSPORT
from meshkit import tls
from meshkit.workload import Workload

ALERTS = {"handshake_failure": 40, "protocol_version": 70, "no_application_protocol": 120, "certificate_required": 116}


Opened = Callable[[], socket.socket]


@pytest.fixture
def opened(workload: Workload, client: Workload, port: int) -> Opened:
    del client
    return lambda: socket.create_connection((workload.ip, port), 10)


def hello(alpn: tuple[str, ...], **changes: object) -> Hello:
    return Hello(NAME, alpn=[name.encode() for name in alpn], **changes)  # type: ignore[arg-type]


def test_only_tls_1_3(opened: Opened, alpn: tuple[str, ...]) -> None:
    tls12 = [0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9, 0x009C, 0x002F]
    for version in (0x0300, 0x0301, 0x0302, 0x0303):
        reply = ask(opened(), hello(alpn, versions=[version], suites=tls12, legacy=version))
        assert reply.closed or reply.alert in (ALERTS["protocol_version"], ALERTS["handshake_failure"]), (
            version,
            reply,
        )
    assert ask(opened(), hello(alpn)).suite in SUITES


def test_the_suites_are_exactly_these(opened: Opened, alpn: tuple[str, ...]) -> None:
    accepted = {name for suite, name in SUITES.items() if ask(opened(), hello(alpn, suites=[suite])).suite == suite}
    assert accepted == {"AES128-GCM", "AES256-GCM", "CHACHA20-POLY1305"}


def test_the_groups_are_exactly_these(opened: Opened, alpn: tuple[str, ...]) -> None:
    accepted = {name for group, name in GROUPS.items() if ask(opened(), hello(alpn, groups=[group])).group == group}
    assert accepted == {"X25519MLKEM768", "X25519", "P-256", "P-384"}


def test_a_genuine_client_is_welcome_and_gets_no_tickets(
    workload: Workload, port: int, alpn: tuple[str, ...], mine: Path
) -> None:
    context = tls.client(mine, *alpn)
    with tls.shake_hands((workload.ip, port), context, NAME) as connection:
        assert connection.version() == "TLSv1.3"
        assert connection.selected_alpn_protocol() == (TRANSPORT if alpn else None)
        if port != DIRECT:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: program\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        session = connection.session
        assert session is None or not session.has_ticket


def test_what_openssl_says_of_it(workload: Workload, port: int, alpn: tuple[str, ...], mine: Path) -> None:
    said = _s_client(workload, port, alpn, mine)
    assert "New, TLSv1.3, Cipher is " in said
    assert "Requested Signature Algorithms: " in said, "no client certificate is asked for"
    assert "New Session Ticket" not in said
    assert "Early data was not sent" in said
    assert "Secure Renegotiation IS NOT supported" in said
    assert "Compression: NONE" in said


def _s_client(workload: Workload, port: int, alpn: tuple[str, ...], credentials: Path) -> str:
    options = [word for name in alpn for word in ("-alpn", name)]
    done = subprocess.run(
        [
            *("openssl", "s_client", "-connect", f"{workload.ip}:{port}", "-servername", NAME),
            *("-cert", str(credentials), "-key", str(credentials), *options),
        ],
        input=b"",
        capture_output=True,
        timeout=20,
        check=False,
    )
    return (done.stdout + done.stderr).decode(errors="replace")


def test_a_hello_in_many_small_records_is_understood(opened: Opened, alpn: tuple[str, ...]) -> None:
    """RFC 8446, 5.1 lets a message be spread over records of any size."""
    whole = hello(alpn)

    class Spread(Hello):
        def records(self, size: int = 16_384) -> bytes:
            del size
            return super().records(50)

    spread = Spread(whole.name, alpn=whole.alpn)
    assert ask(opened(), spread).suite in SUITES


def test_a_hello_of_any_size_costs_no_more_than_its_connection(
    workload: Workload, opened: Opened, alpn: tuple[str, ...]
) -> None:
    padding = extension(21, bytes(60_000))
    with bounded([workload], 8 * MB):
        reply = ask(opened(), hello(alpn, more=padding))
        assert reply.closed or reply.alert is not None or reply.suite is not None
        held = [_endless(opened()) for _ in range(20)]
        for sock in held:
            sock.close()


def _endless(sock: socket.socket) -> socket.socket:
    """A ClientHello that claims to be of 16 MB, as much of it as is taken at once."""
    sock.settimeout(0.2)
    try:
        record = struct.pack("!BHH", 22, 0x0301, 16_384)
        sock.sendall(record + b"\x01\xff\xff\xff" + bytes(16_380))
        for _ in range(64):
            sock.sendall(record + bytes(16_384))
    except OSError:
        pass
    return sock


def test_sslscan_finds_nothing_old(workload: Workload, port: int, alpn: tuple[str, ...], mine: Path) -> None:
    del alpn
    assert shutil.which("sslscan"), "sslscan is missing: tools/packages sslscan"
    done = subprocess.run(
        [
            *("sslscan", "--xml=-", "--no-colour", f"--sni-name={NAME}", "--no-check-certificate"),
            *(f"--certs={mine}", f"--pk={mine}", f"{workload.ip}:{port}"),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    root = ET.fromstring(done.stdout)  # noqa: S314 - sslscan's own
    enabled = {f"{one.get('type')}{one.get('version')}" for one in root.iter("protocol") if one.get("enabled") == "1"}
    assert enabled == {"tls1.3"}
    assert {one.get("id") for one in root.iter("cipher")} == {f"0x{suite:04X}" for suite in (0x1301, 0x1302, 0x1303)}
    assert not [one for one in root.iter("heartbleed") if one.get("vulnerable") == "1"]
    assert not [one for one in root.iter("renegotiation") if one.get("supported") == "1"]
    assert not [one for one in root.iter("compression") if one.get("supported") == "1"]
