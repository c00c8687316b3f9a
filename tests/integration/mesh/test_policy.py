"""Who may talk to whom, and when a change of that takes effect."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from meshkit import tls
from meshkit.calls import call
from meshkit.http import ask
from meshkit.manifests import accounts, authorization, networks, path, route, server
from meshkit.mesh import Mesh
from meshkit.start import run_server
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import Workload

SOON_S = 5.0
"""The promise is one second; a busy machine is given more."""
DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy"


@pytest.fixture(scope="module")
def guarded(mesh: Mesh) -> Workload:
    """Its Servers let nobody in but one account that nobody has."""
    mesh.apply(
        server("guarded", 8080, "HTTP/1"),
        server("guarded", 50051, "gRPC"),
        server("guarded", 9002, "opaque"),
        accounts("friends", "stranger"),
        *(
            authorization(f"guarded-{port}", ("Server", f"guarded-{port}"), ("MeshTLSAuthentication", "friends"))
            for port in (8080, 50051, 9002)
        ),
    )
    return run_server(mesh, "guarded")


@pytest.fixture
def befriend(mesh: Mesh) -> Iterator[None]:
    """The client is let in for the time of a test."""
    mesh.apply(accounts("friends", "client"))
    yield
    mesh.apply(accounts("friends", "stranger"))


def direct(workload: Workload, port: int = 8080) -> socket.socket:
    """From outside of the mesh."""
    return socket.create_connection((workload.ip, port), 10)


def status(client: Workload, host: str, where: str = "/about") -> int:
    with client.http(f"{host}.default.svc.cluster.local") as connection:
        return connection.get(where).status


def status_outside(workload: Workload) -> int:
    return ask(lambda: direct(workload), workload.name, "/about").status


def test_a_default_policy_is_chosen_by_annotation(mesh: Mesh, client: Workload) -> None:
    policies = ("deny", "all-authenticated", "cluster-unauthenticated")
    started = {policy: run_server(mesh, policy, "--annotation", f"{DEFAULT_POLICY}={policy}") for policy in policies}
    for workload in started.values():
        workload.ready()
    inside = {policy: status(client, policy) for policy in policies}
    outside = {policy: status_outside(workload) for policy, workload in started.items()}
    assert inside == {"deny": 403, "all-authenticated": 200, "cluster-unauthenticated": 200}
    assert outside == {"deny": 403, "all-authenticated": 403, "cluster-unauthenticated": 200}
    deny = started["deny"].metrics()
    assert deny.total("inbound_http_authz_deny_total", client_id=identity("client")) == 1
    assert deny.total("inbound_http_authz_deny_total") == 2
    for workload in started.values():
        workload.process.terminate()


def test_who_is_not_named_gets_403_and_is_counted(client: Workload, guarded: Workload) -> None:
    guarded.ready()
    with client.http("guarded.default.svc.cluster.local") as connection:
        answer = connection.get("/about")
        assert answer.status == 403
        assert "l5d-proxy-error" in answer.headers
        assert connection.get("/about").status == 403, "the connection goes on"
    outside = ask(lambda: direct(guarded), "guarded", "/about")
    assert (outside.status, outside.headers.get("l5d-proxy-error")) == (403, None)
    refused = {"client_id": identity("client"), "srv_name": "guarded-8080", "target_addr": f"{guarded.ip}:8080"}
    assert guarded.metrics().total("inbound_http_authz_deny_total", **refused) == 2


def test_a_certificate_lets_in_who_it_names_and_nobody_else(mesh: Mesh, guarded: Workload, tmp_path: Path) -> None:
    guarded.ready()
    said = {}
    for account in ("stranger", "client"):
        file = tls.leaf(tls.mesh_issuer(mesh.state), identity(account), tmp_path / f"{account}.pem")
        with tls.shake_hands((guarded.ip, 8080), tls.client(file), identity("guarded")) as connection:
            connection.sendall(b"GET /about HTTP/1.1\r\nhost: guarded\r\n\r\n")
            said[account] = connection.recv(12)
    assert said == {"stranger": b"HTTP/1.1 200", "client": b"HTTP/1.1 403"}


def test_a_refused_call_is_permission_denied(client: Workload, guarded: Workload) -> None:
    guarded.ready()
    refused = call(client, "guarded:50051", "Unary", "Down")
    assert [refused[name]["code"] for name in ("Unary", "Down")] == ["PERMISSION_DENIED"] * 2
    assert guarded.metrics().total("inbound_http_authz_deny_total", srv_name="guarded-50051") == 2


def test_a_refused_connection_is_closed_and_counted(mesh: Mesh, client: Workload, guarded: Workload) -> None:
    address = (mesh.api.service_address(guarded.ready().name), 9002)
    assert greeting(client, address) == b""
    refused = {"srv_name": "guarded-9002", "client_id": identity("client")}
    assert guarded.metrics().total("inbound_tcp_authz_deny_total", **refused) == 1


def greeting(client: Workload, address: tuple[str, int]) -> bytes:
    try:
        with client.connect(address) as connection:
            return connection.recv(100)
    except ConnectionError:
        return b""


def test_a_change_holds_for_connections_that_are_open(mesh: Mesh, client: Workload, guarded: Workload) -> None:
    address = (mesh.api.service_address(guarded.ready().name), 9002)
    with client.http("guarded.default.svc.cluster.local") as http:
        assert http.get("/about").status == 403
        kept = http.sock
        mesh.apply(accounts("friends", "client"))
        until("HTTP is let in", lambda: http.get("/about").status == 200, within_s=SOON_S)
        until("TCP is let in", lambda: greeting(client, address) != b"", within_s=SOON_S)
        with client.connect(address) as tcp:
            assert tcp.recv(100) == b"220 what do you want\r\n"
            mesh.apply(accounts("friends", "stranger"))
            until("HTTP is refused", lambda: http.get("/about").status == 403, within_s=SOON_S)
            tcp.settimeout(SOON_S)
            assert closed(tcp)
        assert http.sock is kept, "the HTTP connection was never closed"
    assert guarded.metrics().total("inbound_tcp_authz_terminate_total", srv_name="guarded-9002") == 1


def closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


@pytest.mark.usefixtures("befriend")
def test_who_is_named_is_let_in_by_all_protocols(client: Workload, guarded: Workload) -> None:
    until("HTTP is let in", lambda: status(client, "guarded") == 200, within_s=SOON_S)
    until("gRPC is let in", lambda: call(client, "guarded:50051", "Unary")["Unary"]["code"] == "OK", within_s=SOON_S)
    named = {"authz_name": "guarded-8080", "client_id": identity("client")}
    assert guarded.metrics().total("inbound_http_authz_allow_total", **named) >= 1


def test_a_network_may_be_named_instead_of_an_identity(mesh: Mesh, guarded: Workload) -> None:
    guarded.ready()
    mesh.apply(
        networks("machine", f"{mesh.slot.gateway}/32"),
        authorization("machine", ("Server", "guarded-8080"), ("NetworkAuthentication", "machine")),
    )
    try:
        until("the machine is let in", lambda: status_outside(guarded) == 200, within_s=SOON_S)
    finally:
        assert mesh.hauberk("delete", "authorizationpolicy", "machine").returncode == 0
    until("it is not any more", lambda: status_outside(guarded) == 403, within_s=SOON_S)


def test_a_route_may_be_allowed_alone(mesh: Mesh, client: Workload, guarded: Workload) -> None:
    guarded.ready()
    parent = {"group": "policy.linkerd.io", "kind": "Server", "name": "guarded-8080"}
    mesh.apply(
        route("open", parent, [{"matches": [path("/open")]}], api="policy.linkerd.io/v1beta3"),
        accounts("clients", "client"),
        authorization("open", ("HTTPRoute", "open"), ("MeshTLSAuthentication", "clients")),
    )
    try:
        until("the route is open", lambda: status(client, "guarded", "/open/door") == 200, within_s=SOON_S)
        assert status(client, "guarded", "/closed") in (403, 404)
    finally:
        mesh.hauberk("delete", "authorizationpolicy", "open")
        mesh.hauberk("delete", "httproutes.policy.linkerd.io", "open")
    until("the route is gone", lambda: status(client, "guarded", "/open/door") == 403, within_s=SOON_S)


def test_the_rules_of_a_servers_route_change_requests_of_whoever_may(mesh: Mesh, client: Workload) -> None:
    changing = {"set": [{"name": "x-asked", "value": "set"}], "remove": ["x-gone"]}
    moving = {"statusCode": 301, "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}
    rules = [
        {"matches": [path("/old")], "filters": [{"type": "RequestRedirect", "requestRedirect": moving}]},
        {"matches": [path("/")], "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": changing}]},
    ]
    mesh.apply(
        server("changing", 8080, "HTTP/1"),
        route("changes", {"group": "policy.linkerd.io", "kind": "Server", "name": "changing-8080"}, rules),
        accounts("askers", "client"),
        authorization("changes", ("Server", "changing-8080"), ("MeshTLSAuthentication", "askers")),
    )
    changing_server = run_server(mesh, "changing").ready()
    with client.http("changing.default.svc.cluster.local") as http:
        until("the client may", lambda: http.get("/about").status == 200, within_s=SOON_S)
        seen = dict(http.get("/about", {"x-asked": "before", "x-gone": "1"}).json()["headers"])
        assert (seen["x-asked"], "x-gone" in seen) == ("set", False)
        moved = http.get("/old/house?door=1")
        assert (moved.status, moved.headers["location"]) == (
            301,
            "http://changing.default.svc.cluster.local/new/house?door=1",
        )
    assert ask(lambda: direct(changing_server), "changing", "/old/house").status == 403, "who may not learns nothing"
