"""What proxies count, and what the tools make of it."""

import json

import pytest
from meshkit.mesh import Mesh
from meshkit.samples import Samples
from meshkit.tls import identity
from meshkit.until import until
from meshkit.workload import Workload

HOST = "server.default.svc.cluster.local"
REQUESTS = 20


@pytest.fixture(scope="module")
def counted(client: Workload, server: Workload) -> tuple[Samples, Samples]:
    """The pages of both proxies after requests of which five failed."""
    server.ready()
    with client.http(HOST) as http:
        for _ in range(REQUESTS):
            http.get("/about")
        for _ in range(5):
            assert http.get("/error").status == 500
    return client.metrics(), server.metrics()


def test_both_sides_count_requests_and_name_each_other(counted: tuple[Samples, Samples], server: Workload) -> None:
    outbound, inbound = counted
    to = {"direction": "outbound", "dst_service": "server", "dst_namespace": "default", "dst_pod": server.pod}
    to |= {"tls": "true", "server_id": identity("server"), "target_addr": f"{server.ip}:8080"}
    of = {"direction": "inbound", "client_id": identity("client"), "tls": "true", "target_addr": f"{server.ip}:8080"}
    for page, labels in ((outbound, to), (inbound, of)):
        well = page.total("response_total", **labels, status_code="200", classification="success")
        assert well >= REQUESTS
        assert page.total("response_total", **labels, status_code="500", classification="failure") >= 5
        assert page.total("request_total", **labels) >= REQUESTS + 5
        assert page.total("response_latency_ms_count", **labels) >= REQUESTS + 5
        fine = page.of("hauberk_response_latency_seconds_bucket", **labels)
        assert min(float(sample.labels["le"]) for sample in fine) == 0.00005


def test_connections_and_bytes_are_counted_on_both_ends(counted: tuple[Samples, Samples]) -> None:
    for page in counted:
        for peer in ("src", "dst"):
            assert page.total("tcp_open_total", peer=peer) >= 1
            assert page.total("tcp_read_bytes_total", peer=peer) > 1000
            assert page.total("tcp_write_bytes_total", peer=peer) > 1000


def test_the_process_and_its_identity_show(counted: tuple[Samples, Samples]) -> None:
    for page in counted:
        assert page.total("process_resident_memory_bytes") > 1_000_000
        assert page.total("process_start_time_seconds") > 1_000_000_000
        left = page.total("identity_cert_expiration_timestamp_seconds") - page.total("process_clock_time_seconds")
        assert 23 * 3600 < left <= 24 * 3600
        assert page.total("hauberk_view_age_seconds") < 30


def test_the_admin_endpoint_lives_is_ready_and_cannot_be_used_to_end_it(client: Workload) -> None:
    assert client.admin("/live")[0] == 200
    assert client.admin("/ready")[0] == 200
    assert client.admin("/shutdown", method="POST")[0] in (403, 404)
    assert client.admin("/none")[0] == 404
    assert client.admin("/ready")[0] == 200


@pytest.mark.usefixtures("counted")
def test_edges_names_both_ends(mesh: Mesh, client: Workload) -> None:
    def edge() -> dict[str, object] | None:
        with client.http(HOST) as http:
            for _ in range(20):
                http.get("/about")
        done = mesh.hauberk("edges", "-o", "json")
        assert done.returncode == 0, done.stderr
        found = [e for e in json.loads(done.stdout) if "client" in str(e["src"]) and "server" in str(e["dst"])]
        return found[0] if found else None

    seen = until("the edge shows", edge)
    assert "client.default" in json.dumps(seen)
    assert "server.default" in json.dumps(seen)


@pytest.mark.usefixtures("counted")
def test_check_finds_a_healthy_mesh_healthy(mesh: Mesh) -> None:
    done = mesh.hauberk("check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("counted")
def test_identity_shows_the_certificate_of_a_workload(mesh: Mesh) -> None:
    done = mesh.hauberk("identity", "server", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert [shown["dns_names"] for shown in json.loads(done.stdout)] == [[identity("server")]]


@pytest.mark.usefixtures("counted")
def test_endpoints_are_what_a_proxy_is_told(mesh: Mesh, server: Workload) -> None:
    done = mesh.hauberk("diagnostics", "endpoints", f"{HOST}:80")
    assert done.returncode == 0, done.stderr
    assert f"{server.ip}" in done.stdout
