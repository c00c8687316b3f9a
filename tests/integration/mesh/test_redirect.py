"""No TCP goes around the proxy: neither while it lives nor while it is dead, by IPv4 or IPv6."""

import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
from meshkit.mesh import Mesh
from meshkit.process import is_dead, state
from meshkit.tls import identity, names, shown_by
from meshkit.until import until
from meshkit.workload import Workload

OUTSIDE_6 = "fd48:6175::1"


class Outside:
    """A program of the machine's, in no mesh, that says something to everybody who connects."""

    def __init__(self, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listening = socket.create_server((address, 0), family=family)
        self._listening.settimeout(10)
        self.address = (address, int(self._listening.getsockname()[1]))

    def greet(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.sendall(b"outside")

    def was_reached(self) -> bool:
        self._listening.settimeout(0)
        try:
            self._listening.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(params=["IPv4", "IPv6"])
def outside(request: pytest.FixtureRequest, mesh: Mesh, client: Workload) -> Iterator[Outside]:
    if request.param == "IPv6":
        ip("address", "replace", f"{OUTSIDE_6}/64", "dev", mesh.slot.bridge, "nodad")
        inside = ["nsenter", "--target", str(client.program()), "--net"]
        subprocess.run([*inside, "ip", "address", "replace", "fd48:6175::2/64", "dev", "eth0", "nodad"], check=True)
    there = Outside(str(mesh.slot.gateway) if request.param == "IPv4" else OUTSIDE_6)
    yield there
    there.close()


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.mark.parametrize("outside", ["IPv4"], indirect=True)
def test_what_leaves_for_the_outside_passes_the_proxy(client: Workload, outside: Outside) -> None:
    with client.connect(outside.address) as connection:
        connection.sendall(b"hello")
        outside.greet()
        assert connection.recv(100) == b"outside"
    shown = "{}:{}".format(*outside.address)
    assert client.metrics().total("tcp_open_total", direction="outbound", peer="src", target_addr=shown) == 1


@pytest.mark.parametrize("outside", ["IPv6"], indirect=True)
def test_an_address_that_is_not_the_workloads_own_gets_nowhere(client: Workload, outside: Outside) -> None:
    """The mesh gives out no IPv6 addresses; who adds one has not found a way out."""
    with client.connect(outside.address) as connection:
        assert connection.recv(100) == b""
    assert not outside.was_reached()
    assert client.metrics().total("outbound_tcp_errors_total", error="foreign client") >= 1


def test_while_the_proxy_is_dead_nothing_leaves_and_nothing_enters(
    client: Workload, server: Workload, outside: Outside
) -> None:
    server.ready()
    # The supervisor, which would start another at once, sleeps meanwhile.
    client.process.send_signal(signal.SIGSTOP)
    try:
        until("the supervisor sleeps", lambda: state(client.process.pid) == "T")
        killed = client.kill_proxy()
        until("the proxy is dead", lambda: is_dead(killed))
        for address in (outside.address, (server.ip, 8080)):
            with pytest.raises(ConnectionRefusedError):
                client.connect(address)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((client.ip, 8080), 10)
        assert not outside.was_reached()
    finally:
        client.process.send_signal(signal.SIGCONT)
    back = until("there is another proxy", lambda: client.proxy() not in (None, killed) and client.proxy(), within_s=5)
    assert back != killed
    until("it is ready", lambda: admin_is_ready(client), within_s=10)
    assert names(shown_by((client.ip, 8080), identity("client"))) == [identity("client")]
    with client.http("server.default.svc.cluster.local") as connection:
        assert connection.get("/about").status == 200


def admin_is_ready(workload: Workload) -> bool:
    try:
        return workload.admin("/ready")[0] == 200
    except OSError:
        return False


def test_a_link_local_neighbour_is_refused_and_not_left_hanging(mesh: Mesh, client: Workload) -> None:
    shown = subprocess.run(
        ["ip", "-oneline", "-6", "address", "show", "dev", mesh.slot.bridge, "scope", "link"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    address = shown.split()[3].partition("/")[0]
    tried = client.execute("bash", "-c", f"exec 3<>/dev/tcp/{address}%eth0/80")
    assert b"Connection refused" in tried.stderr


def test_the_inbound_side_serves_its_own_addresses_only(server: Workload) -> None:
    """Who routes packets for others to a workload gets no relay out of it."""
    server.ready()
    ip("route", "replace", "203.0.113.7/32", "via", server.ip)
    try:
        assert said_to("203.0.113.7", 8080) == b""
    finally:
        ip("route", "del", "203.0.113.7/32")


def test_the_proxys_own_ports_are_no_way_in(client: Workload) -> None:
    assert said_to(client.ip, 4140).partition(b"\r\n")[0] in (b"", b"HTTP/1.1 502 Bad Gateway")
    tls_alert = b"\x15"
    assert said_to(client.ip, 4143)[:1] in (b"", tls_alert)


def said_to(address: str, port: int) -> bytes:
    """What somebody outside of the mesh is answered; nothing where the connection is closed without an answer."""
    try:
        with socket.create_connection((address, port), 10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            return connection.recv(100)
    except ConnectionError:
        return b""
