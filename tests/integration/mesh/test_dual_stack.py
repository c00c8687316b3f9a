"""IPv4 and IPv6 beside each other: proxies that listen as they are told where IPv6 is on, and the kernel's redirect."""

import contextlib
import json
import socket
import sys
from collections.abc import Iterator

import pytest
from meshkit import greeted, namespace
from meshkit.contract import VIRTUAL_IP, VIRTUAL_IP6
from meshkit.foreign import identity
from meshkit.pair import CLIENT_IP, HOST, SERVER_IP, Pair, a_plane, proxy_beside, serve, world
from meshkit.start import PROGRAMS
from meshkit.until import until

CLIENT_IP6, SERVER_IP6 = "fd99::1", "fd99::2"
LISTEN = {
    "INBOUND_LISTEN_ADDR": "[::]:4143",
    "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:4140,[::1]:4140",
    "ADMIN_LISTEN_ADDR": "[::]:4191",
}
"""What Linkerd's injector gives where IPv6 is not switched off."""
OUTSIDE_IP6 = "2001:db8::1"
"""In no network of the mesh."""
TIMEOUT_S = 5.0
ADDRESSES = [SERVER_IP, SERVER_IP6]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with a_plane(world(server_ip6=SERVER_IP6)) as (net, plane):
        client, server = net.host("client", CLIENT_IP), net.host("web", SERVER_IP)
        net.add_ipv6(client, CLIENT_IP6)
        net.add_ipv6(server, SERVER_IP6)
        net.hub.must("ip", "address", "add", f"{OUTSIDE_IP6}/128", "dev", "lo", "nodad")
        serve(server)
        client_proxy, _ = proxy_beside(client, plane, LISTEN)
        server_proxy, key = proxy_beside(server, plane, LISTEN)
        yield Pair(plane, client, server, client_proxy.ready(), server_proxy.ready(), key)


def shown(ip: str, port: int) -> str:
    """As metrics write it."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


@pytest.mark.parametrize("ip", [VIRTUAL_IP, VIRTUAL_IP6])
def test_a_service_is_reached_at_both_addresses_and_leads_to_ipv6(pair: Pair, ip: str) -> None:
    with pair.client.http(HOST, (ip, 80)) as http:
        told = http.get("/").json()
    assert ["l5d-client-id", identity("client")] in told["headers"]
    opened = {"direction": "outbound", "peer": "dst", "tls": "true", "server_id": identity("web")}
    page = pair.client_proxy.metrics()
    assert page.total("tcp_open_total", **opened, target_addr=shown(SERVER_IP6, 8080)) >= 1


@pytest.mark.parametrize("ip", ADDRESSES)
def test_a_pod_is_reached_at_both_addresses(pair: Pair, ip: str) -> None:
    with pair.client.http(HOST, (ip, 8080)) as http:
        told = http.get("/").json()
    assert ["l5d-client-id", identity("client")] in told["headers"]
    asked = {"direction": "inbound", "client_id": identity("client"), "target_addr": shown(ip, 8080)}
    assert pair.server_proxy.metrics().total("request_total", **asked) >= 1


@pytest.mark.parametrize("ip", ADDRESSES)
def test_programs_in_no_mesh_are_redirected_to_the_inbound_side(pair: Pair, ip: str) -> None:
    with pair.plane.hub.http(HOST, (ip, 8080)) as http:
        answer = http.get("/", {"l5d-client-id": "forged"})
    assert [name for name, _ in answer.json()["headers"] if name.startswith("l5d-")] == []
    asked = {"direction": "inbound", "tls": "no_identity", "target_addr": shown(ip, 8080)}
    assert pair.server_proxy.metrics().total("request_total", **asked) >= 1
    with pair.plane.hub.http(HOST, (ip, 9004)) as http:
        assert http.get("/").status == 403


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
def test_loopback_is_the_programs_own(pair: Pair, ip: str) -> None:
    with pair.server.http(HOST, (ip, 8080)) as http:
        assert ["l5d-mine", "kept"] in http.get("/", {"l5d-mine": "kept"}).json()["headers"]


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
def test_the_admin_endpoint_is_there_for_both(pair: Pair, ip: str) -> None:
    with pair.server.http("localhost", (ip, 4191)) as http:
        assert http.get("/ready").status == 200
        assert http.get("/proxy-log-level").status == 200, "what is for loopback only"


@pytest.mark.parametrize("ip", [VIRTUAL_IP6, SERVER_IP6])
def test_grpc_over_ipv6(pair: Pair, ip: str) -> None:
    done = pair.client.execute(sys.executable, str(PROGRAMS / "caller.py"), f"[{ip}]:50051")
    codes = {name: outcome["code"] for name, outcome in json.loads(done.stdout).items()}
    assert codes == {"Unary": "OK", "Fail": "DATA_LOSS", "Down": "OK", "Up": "OK", "Both": "OK"}


@pytest.mark.parametrize("ip", [VIRTUAL_IP6, SERVER_IP6])
def test_a_server_that_speaks_first_over_ipv6(pair: Pair, ip: str) -> None:
    with pair.client.connect((ip, 9002)) as connection:
        greeted.talk(connection)


def test_what_leaves_by_ipv6_passes_the_proxy_and_arrives_as_it_is(pair: Pair) -> None:
    with namespace.visiting(pair.plane.hub.pid):
        listening = socket.create_server((OUTSIDE_IP6, 0), family=socket.AF_INET6)
    with listening, pair.client.connect((OUTSIDE_IP6, listening.getsockname()[1])) as connection:
        listening.settimeout(TIMEOUT_S)
        there, peer = listening.accept()
        assert peer[0] == CLIENT_IP6
        there.sendall(b"220 outside\r\n")
        connection.settimeout(TIMEOUT_S)
        assert connection.recv(100) == b"220 outside\r\n"
        connection.sendall(b"QUIT\r\n")
        assert there.recv(100) == b"QUIT\r\n"
        there.close()
        assert connection.recv(100) == b""
        target = shown(OUTSIDE_IP6, listening.getsockname()[1])
    known = {"direction": "outbound", "peer": "dst", "tls": "no_identity", "target_addr": target}
    until("it is counted", lambda: pair.client_proxy.metrics().total("tcp_close_total", **known) == 1)


def test_nobody_is_let_in_at_an_address_that_is_not_the_workloads_own(pair: Pair) -> None:
    """Who routes packets for others to a workload gets no relay out of it."""
    hub = pair.plane.hub
    hub.must("ip", "-6", "route", "add", "2001:db8::7/128", "via", SERVER_IP6)
    with hub.connect(("2001:db8::7", 8080)) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    refused = pair.server_proxy.metrics().total("inbound_tcp_errors_total", error="foreign destination")
    assert refused == 1
