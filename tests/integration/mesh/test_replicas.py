"""Replicas come, die and are out of order, and no request is lost."""

import signal
import sys
from collections.abc import Iterator

import pytest
from meshkit.calls import call
from meshkit.load import Load
from meshkit.mesh import Mesh
from meshkit.start import run_server
from meshkit.until import until
from meshkit.workload import Workload

SHOP = "shop.default.svc.cluster.local"
SOON_S = 5.0


@pytest.fixture(scope="module")
def replicas(mesh: Mesh) -> Iterator[dict[str, Workload]]:
    names = ("shop-1", "shop-2", "shop-3")
    running = {name: run_server(mesh, "shop", replica=name) for name in names}
    yield {name: workload.ready() for name, workload in running.items()}
    for workload in running.values():
        workload.process.terminate()


def test_a_killed_program_costs_no_request_and_a_new_replica_gets_its_share(
    mesh: Mesh, client: Workload, replicas: dict[str, Workload]
) -> None:
    with Load(lambda: client.http(SHOP)) as load:
        until("all replicas have answered", lambda: set(load.by) == set(replicas))
        replicas["shop-2"].kill_program()
        assert replicas["shop-2"].wait() == 128 + signal.SIGKILL
        load.go_on(100)
        before = load.by["shop-2"]
        load.go_on(100)
        assert load.by["shop-2"] == before, "it is dead"
        added = run_server(mesh, "shop", replica="shop-4").ready()
        until("the new replica answers", lambda: load.by["shop-4"] > 0, within_s=SOON_S)
        assert added.stop() == 128 + signal.SIGTERM
        load.go_on(100)
    assert load.failures == []


def test_requests_avoid_a_replica_whose_program_does_not_listen(mesh: Mesh, client: Workload) -> None:
    """They are handed back by its proxy unread, and go to another one: also those that may not be repeated."""
    deaf = mesh.run("half", ["sleep", "infinity"], "--no-ready-check", ports=["80:8080"]).ready()
    well = run_server(mesh, "half", replica="well").ready()
    with client.http("half.default.svc.cluster.local") as http:
        answers = [http.ask("POST", "/about", b"once") for _ in range(50)]
    assert {(answer.status, answer.headers.get("x-served-by")) for answer in answers} == {(200, "well")}
    tried = deaf.metrics().total("request_total", direction="inbound")
    assert tried > 0, "it never was the one that was asked"
    for workload in (deaf, well):
        workload.process.terminate()


def test_a_service_without_endpoints_says_so_at_once(mesh: Mesh, client: Workload) -> None:
    gone = run_server(mesh, "gone").ready()
    with client.http("gone.default.svc.cluster.local") as http:
        assert http.get("/about").status == 200
        gone.stop()
        until("it is gone", lambda: http.get("/about").status == 503, within_s=SOON_S)
        answer = http.get("/about")
    assert answer.status == 503
    assert "no ready endpoints" in answer.headers["l5d-proxy-error"] or "endpoint" in answer.headers["l5d-proxy-error"]
    refused = call(client, "gone:50051", "Unary")["Unary"]
    assert refused["code"] == "UNAVAILABLE"
    assert refused["details"] == answer.headers["l5d-proxy-error"].replace(":80", ":50051")
    with (
        pytest.raises((ConnectionError, AssertionError)),
        client.connect((mesh.api.service_address("gone"), 9002)) as connection,
    ):
        assert connection.recv(10) != b"", "closed"


def test_a_connection_that_the_program_closed_is_no_reason_to_fail(client: Workload, server: Workload) -> None:
    """HTTP/1.1 servers close idle connections when they like, also just now."""
    server.ready()
    with client.http("server.default.svc.cluster.local", 9004) as http:
        answers = [http.get("/") for _ in range(50)]
    assert {answer.status for answer in answers} == {200}


def test_a_killed_proxy_takes_no_other_with_it(mesh: Mesh, client: Workload, replicas: dict[str, Workload]) -> None:
    """New requests go to the other replicas as soon as its connections are seen to end."""
    del mesh
    victim = replicas["shop-1"]
    with Load(lambda: client.http(SHOP)) as load:
        until("the replica has answered", lambda: load.by["shop-1"] > 0)
        killed = victim.kill_proxy()
        until("it has another proxy", lambda: victim.proxy() not in (None, killed), within_s=SOON_S)
        before = load.by["shop-1"]
        until("it answers again", lambda: load.by["shop-1"] > before, within_s=10)
    assert load.failures == []


def test_who_is_not_ready_gets_nothing(mesh: Mesh, client: Workload) -> None:
    site = mesh.root / "site"
    site.mkdir(mode=0o755)
    argv = [sys.executable, "-m", "http.server", "8080", "--directory", str(site)]
    fickle = mesh.run("fickle", argv, "--ready-http", "/ready", ports=["80:8080"])
    until("the program answers", lambda: "GET /ready" in fickle.said(), seen=fickle.said)
    with client.http("fickle.default.svc.cluster.local") as http:
        assert http.get("/").status == 503
        (site / "ready").touch()
        until("it is ready", lambda: http.get("/").status == 200)
        (site / "ready").unlink()
        until("it is not ready any more", lambda: http.get("/").status == 503)
    assert fickle.stop() == 128 + signal.SIGTERM
