"""Our proxies under a control plane of another make, which has never heard of us."""

import contextlib
import json
import sys
from collections.abc import Iterator

import pytest
from cryptography import x509
from meshkit import foreign, greeted, namespace
from meshkit.bare import PROXY_UID
from meshkit.contract import VIRTUAL_IP
from meshkit.foreign import identity
from meshkit.pair import SERVER_IP, Pair, a_pair, world
from meshkit.start import PROGRAMS
from meshkit.tls import names, shown_by
from meshkit.until import until

from hauberk._api.linkerd import identity_pb2

VIEWS = "/hauberk.view.v1.Views/Confirm"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with a_pair() as pair:
        yield pair


def test_the_certificate_is_for_the_key_in_the_directory(pair: Pair) -> None:
    shown = shown_by_server(pair)
    assert names(shown) == [identity("web")]
    assert shown.public_key() == pair.server_key
    asked = [identity_pb2.CertifyRequest.FromString(raw) for raw in pair.plane.requests[foreign.CERTIFY]]
    request = (pair.server.directory / "identity" / "csr.der").read_bytes()
    assert [a.certificate_signing_request for a in asked if a.identity == identity("web")] == [request]


def shown_by_server(pair: Pair) -> x509.Certificate:
    with namespace.visiting(pair.client.pid), namespace.sockets_of(PROXY_UID):
        return shown_by((SERVER_IP, 8080), identity("web"))


@pytest.mark.parametrize("ip", [VIRTUAL_IP, SERVER_IP], ids=["service", "pod"])
def test_http1_arrives_with_the_callers_identity(pair: Pair, ip: str) -> None:
    with pair.http(80 if ip == VIRTUAL_IP else 8080, ip) as http:
        told = http.get("/about", {"x-asked": "1"}).json()
    headers = dict(told["headers"])
    assert headers["l5d-client-id"] == identity("client")
    assert (headers["x-asked"], told["version"]) == ("1", "1.1")
    assert pair.server_proxy.metrics().total("request_total", direction="inbound", client_id=identity("client")) > 0
    assert pair.client_proxy.metrics().total("request_total", tls="true", server_id=identity("web")) > 0


def test_http2_without_an_upgrade(pair: Pair) -> None:
    """A gRPC server resets what is no call: that its own word arrives shows that HTTP/2 went all the way."""
    done = pair.client.execute("curl", "-sS", "--http2-prior-knowledge", f"http://{VIRTUAL_IP}:50051/nobody/knows")
    assert b"HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR" in done.stderr


def test_grpc_of_all_kinds(pair: Pair) -> None:
    done = pair.client.execute(sys.executable, str(PROGRAMS / "caller.py"), f"{VIRTUAL_IP}:50051")
    outcomes = json.loads(done.stdout)
    assert {name: outcome["code"] for name, outcome in outcomes.items()} == {
        "Unary": "OK",
        "Fail": "DATA_LOSS",
        "Down": "OK",
        "Up": "OK",
        "Both": "OK",
    }
    assert outcomes["Both"]["got"] == [str(number) for number in range(200)]


def test_an_opaque_port_whose_server_speaks_first(pair: Pair) -> None:
    with pair.client.connect((VIRTUAL_IP, 9002)) as connection:
        greeted.talk(connection)
    opened = pair.client_proxy.metrics().of("tcp_open_total", direction="outbound", peer="dst", tls="true")
    assert any(sample.labels["dst_service"] == "web" for sample in opened)


def test_whom_the_policy_does_not_name_is_turned_away(pair: Pair) -> None:
    with pair.http(9004) as http:
        assert http.get("/").status == 403
    pair.plane.say(world(only={9004: "client"}))
    try:
        until("the new policy is in force", lambda: status(pair, 9004) == 200)
    finally:
        pair.plane.say(world())
    until("the old policy is back", lambda: status(pair, 9004) == 403)


def status(pair: Pair, port: int) -> int:
    with pair.http(port) as http:
        return http.get("/").status


def test_an_undeclared_port_leads_nowhere(pair: Pair) -> None:
    with pair.client.connect((VIRTUAL_IP, 4711)) as connection:
        connection.settimeout(10)
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""


def test_what_only_our_own_control_plane_has_is_asked_for_in_vain_and_seldom(pair: Pair) -> None:
    """Its absence costs nothing but the knowledge of how old a view is."""
    assert set(pair.plane.asked) - {VIEWS} <= {foreign.CERTIFY, *foreign.STREAMS}
    assert 2 <= pair.plane.asked[VIEWS] <= 100
    for proxy in (pair.client_proxy, pair.server_proxy):
        assert "panicked" not in proxy.said()
        assert not proxy.metrics().of("hauberk_view_age_seconds")
