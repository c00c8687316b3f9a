"""All ways to a server: by a pod's own address, from itself, from another namespace, and out of the mesh."""

import http.server
import json
import socket

import pytest
from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.outside import outside
from meshkit.start import run_server
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import Workload


def named(headers: list[list[str]]) -> list[str]:
    """Every header of ours that arrived."""
    return [f"{name}: {value}" for name, value in headers if name.startswith("l5d-")]


def test_a_pod_is_reached_by_its_own_address_with_both_identities(client: Workload, server: Workload) -> None:
    address = (server.ready().ip, 8080)
    with Http("anything", lambda: client.connect(address)) as http:
        assert named(http.get("/").json()["headers"]) == [f"l5d-client-id: {identity('client')}"]
    secured = {"direction": "outbound", "peer": "dst", "tls": "true", "server_id": identity("server")}
    assert client.metrics().total("tcp_open_total", **secured, target_addr=f"{server.ip}:8080") >= 1


def test_a_program_reaches_itself_by_its_service(server: Workload) -> None:
    with server.ready().http("server.default.svc.cluster.local") as http:
        assert http.get("/").status == 200


def test_loopback_is_the_programs_own(server: Workload) -> None:
    server.ready()
    with Http("localhost", lambda: server.connect(("127.0.0.1", 8080))) as http:
        arrived = http.get("/", {"l5d-mine": "kept"}).json()["headers"]
    assert ["l5d-mine", "kept"] in arrived


def test_workloads_of_other_namespaces_and_accounts_meet(mesh: Mesh, client: Workload) -> None:
    mesh.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}})
    far = run_server(mesh, "far", "--namespace", "elsewhere", "--service-account", "somebody")
    until("it answers", lambda: client.execute("curl", "-fsS", "http://far.elsewhere/").returncode == 0, seen=far.said)
    for name in ("far.elsewhere", "far.elsewhere.svc.cluster.local"):
        arrived = json.loads(client.execute("curl", "-sS", f"http://{name}/").stdout)
        assert named(arrived["headers"]) == [f"l5d-client-id: {identity('client')}"]
    seen = identity("somebody").replace(".default.", ".elsewhere.")
    assert client.metrics().total("response_total", server_id=seen, dst_namespace="elsewhere") >= 2
    assert client.execute("curl", "-sS", "http://far/").returncode == 6, "short names are of one's own namespace"
    far.stop()


class Plain(http.server.BaseHTTPRequestHandler):
    """HTTP/1.0: the end of the connection is the end of the body."""

    def do_GET(self) -> None:
        body = json.dumps([[name.lower(), value] for name, value in self.headers.items()])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode() + b" " * 100_000)

    def log_message(self, *_: object) -> None:
        pass


def test_what_leaves_the_mesh_carries_nothing_of_it(mesh: Mesh, client: Workload) -> None:
    with outside(mesh, Plain) as address, Http("plain.example", lambda: client.connect(address)) as http:
        answer = http.get("/", {"accept": "*/*", "l5d-client-id": "forged"})
    assert answer.status == 200
    assert len(answer.body) > 100_000
    arrived = json.loads(answer.body)
    assert named(arrived) == []
    assert ["host", "plain.example"] in arrived


def test_nobody_listens_outside(mesh: Mesh, client: Workload) -> None:
    """The proxy took the connection before it knew; what it says then is for people too."""
    with outside(mesh, Plain) as address:
        pass
    with Http("plain.example", lambda: client.connect(address)) as http:
        answer = http.get("/")
    assert answer.status == 502
    assert "refused" in answer.headers["l5d-proxy-error"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_programs_of_the_machine_reach_the_mesh_where_policy_lets_them(server: Workload, method: str) -> None:
    address = (server.ready().ip, 8080)
    with Http("server", lambda: socket.create_connection(address, 10)) as http:
        assert http.ask(method, "/").status == 200
