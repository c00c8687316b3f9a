"""Between clusters: a client reaches a Service of another one by that cluster's gateway, a real proxy as all are."""

import contextlib
import json
import ssl
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from meshkit import greeted, namespace, tls
from meshkit.bare import Host, Proxy
from meshkit.contract import WEB, World
from meshkit.foreign import ControlPlane, identity
from meshkit.http import Answer
from meshkit.messages import NAMES
from meshkit.mirror import GATEWAY_PORT, MIRROR_IP, Mirror
from meshkit.pair import CLIENT_IP, SERVER_IP, a_plane, proxy_beside, serve, world
from meshkit.start import PROGRAMS
from meshkit.until import until

GATEWAY_IP = "10.99.0.3"
GREETS = 9002
TRANSPORT = "transport.l5d.io/v1"
HOST = f"web-far.default.{NAMES}"


@dataclass
class Clusters:
    plane: ControlPlane
    client: Host
    gateway: Proxy
    web: Proxy

    def get(self, path: str = "/", headers: dict[str, str] | None = None) -> Answer:
        with self.client.http(HOST, (MIRROR_IP, 80)) as http:
            return http.get(path, headers)


def mirror(far: World | None = None, **changes: object) -> Mirror:
    return Mirror(far or world(), GATEWAY_IP, opaque=frozenset({GREETS}), **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clusters() -> Iterator[Clusters]:
    with a_plane(mirror()) as (net, plane):
        client, gateway, web = (
            net.host(name, ip) for name, ip in (("client", CLIENT_IP), ("gateway", GATEWAY_IP), ("web", SERVER_IP))
        )
        serve(web)
        proxies = [
            proxy_beside(host, plane, settings)[0]
            for host, settings in ((client, {}), (gateway, {"INBOUND_GATEWAY_SUFFIXES": f"{NAMES}."}), (web, {}))
        ]
        for proxy in proxies:
            proxy.ready()
        yield Clusters(plane, client, proxies[1], proxies[2])


def test_requests_arrive_as_the_gateways_and_say_whose_they_were(clusters: Clusters) -> None:
    answer = clusters.get("/one", {"x-asked": "1"})
    assert answer.status == 200
    headers = dict(answer.json()["headers"])
    assert headers["l5d-client-id"] == identity("gateway")
    assert headers["forwarded"] == f"by={identity('gateway')};for={identity('client')};host={WEB};proto=https"
    assert (headers["host"], headers["x-asked"]) == (WEB, "1")


def test_grpc_of_all_kinds(clusters: Clusters) -> None:
    done = clusters.client.execute(sys.executable, str(PROGRAMS / "caller.py"), f"{MIRROR_IP}:50051")
    codes = {name: outcome["code"] for name, outcome in json.loads(done.stdout).items()}
    assert codes == {"Unary": "OK", "Fail": "DATA_LOSS", "Down": "OK", "Up": "OK", "Both": "OK"}


def test_bytes_of_a_server_that_speaks_first(clusters: Clusters) -> None:
    with clusters.client.connect((MIRROR_IP, GREETS)) as connection:
        greeted.talk(connection)


@contextlib.contextmanager
def said(clusters: Clusters, answers: Mirror, status: int) -> Iterator[Answer]:
    """Gives the answer of this status that follows from what the control plane says meanwhile."""
    clusters.plane.say(answers)
    try:
        yield until(f"{status}", lambda: answer if (answer := clusters.get()).status == status else None)
    finally:
        clusters.plane.say(mirror())
        until("all is as before", lambda: clusters.get().status == 200)


@pytest.mark.parametrize("name", ["web.default.svc.elsewhere", f"nobody.default.{NAMES}"])
def test_only_names_that_are_the_gateways_and_known_lead_anywhere(clusters: Clusters, name: str) -> None:
    with said(clusters, mirror(means=name), 404) as answer:
        assert name in answer.body.decode()


def test_policy_of_the_gateways_own_port_decides(clusters: Clusters) -> None:
    with said(clusters, mirror(world(only={GATEWAY_PORT: "admin"})), 403):
        assert greeting(clusters) == b""
    with said(clusters, mirror(world(only={GATEWAY_PORT: "client"})), 200):
        assert greeting(clusters) == b"220 what do you want\r\n"


def greeting(clusters: Clusters) -> bytes:
    with contextlib.suppress(ConnectionResetError), clusters.client.connect((MIRROR_IP, GREETS)) as connection:
        connection.settimeout(10)
        return connection.recv(100)
    return b""


def test_a_request_that_came_through_before_is_a_loop(clusters: Clusters) -> None:
    passed = {"forwarded": f"by={identity('gateway')};for=a;proto=https"}
    assert clusters.get(headers=passed).status == 508
    other = {"forwarded": f"by={identity('another')};for=a;proto=https"}
    assert clusters.get(headers=other).status == 200


def test_a_proxy_that_is_no_gateway_forwards_for_nobody(clusters: Clusters, peer: ssl.SSLContext) -> None:
    assert b" 200 OK\r\n" in asked_by_hand(clusters, GATEWAY_IP, peer)
    assert b" 404 Not Found\r\n" in asked_by_hand(clusters, SERVER_IP, peer)


def test_nobody_without_an_identity_is_served(clusters: Clusters, peer: ssl.SSLContext) -> None:
    """The bytes that a proxy of another make sends, with its certificate and without one."""
    answer = asked_by_hand(clusters, GATEWAY_IP, peer)
    assert f"for={identity('peer')};host={WEB}".encode() in answer
    assert asked_by_hand(clusters, GATEWAY_IP, tls.client(None, TRANSPORT)) == b""


@pytest.fixture
def peer(clusters: Clusters, tmp_path: Path) -> ssl.SSLContext:
    return tls.client(tls.leaf(clusters.plane.authority, identity("peer"), tmp_path / "peer.pem"), TRANSPORT)


def asked_by_hand(clusters: Clusters, ip: str, context: ssl.SSLContext) -> bytes:
    """All that is answered, by the proxy at `ip`, to a request whose transport header names `web`."""
    name = identity("gateway" if ip == GATEWAY_IP else "web")
    request = f"GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n".encode()
    with (
        namespace.visiting(clusters.plane.hub.pid),
        contextlib.suppress(ConnectionResetError, ssl.SSLError),
        tls.shake_hands((ip, GATEWAY_PORT), context, name) as connection,
    ):
        connection.sendall(transport_header(WEB, 80) + request)
        with connection.makefile("rb") as stream:
            return stream.read()
    return b""


def transport_header(name: str, port: int) -> bytes:
    """For HTTP/1: fields 1 (port), 2 (name) and 3 (session protocol, whose field 1 it is)."""
    message = b"\x08%c\x12%c%s\x1a\x02\x0a\x00" % (port, len(name), name.encode())
    return TRANSPORT.encode() + b"\r\n\r\n" + struct.pack("!I", len(message)) + message
