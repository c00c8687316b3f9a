"""HTTP/2 that programs speak themselves: with prior knowledge, and gRPC of all kinds."""

import hashlib
import os
from typing import Any

import pytest
from meshkit.calls import call
from meshkit.mesh import Mesh
from meshkit.tls import identity
from meshkit.workload import Workload

BIG = 10 * 1024 * 1024

NGINX = """
daemon off; worker_processes 1; error_log stderr; pid {place}/pid;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
  uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;
  server {{ listen 8080 http2; root {place}; }}
}}
"""


@pytest.fixture(scope="module")
def called(client: Workload, server: Workload) -> Any:
    server.ready()
    return call(client, "server:50051")


def test_a_unary_call_has_its_answer_and_trailers(called: Any) -> None:
    trailers = {"x-kind": "unary", "x-blob-bin": "00ff"}
    assert called["Unary"] == {"code": "OK", "details": "", "got": ["hello"], "trailers": trailers}


def test_a_failed_call_has_its_status_and_message(called: Any) -> None:
    assert called["Fail"]["code"] == "DATA_LOSS"
    assert called["Fail"]["details"] == "what, 100 % gone?"
    assert called["Fail"]["trailers"] == {"x-kind": "fail"}


def test_calls_stream_in_all_directions(called: Any) -> None:
    numbers = [str(number) for number in range(200)]
    assert (called["Down"]["code"], called["Down"]["got"]) == ("OK", numbers)
    assert (called["Up"]["code"], called["Up"]["got"]) == ("OK", ["4000000"])
    assert (called["Both"]["code"], called["Both"]["got"]) == ("OK", numbers)
    assert [called[name]["trailers"]["x-kind"] for name in ("Down", "Up", "Both")] == ["down", "up", "both"]


def test_calls_are_counted_by_their_grpc_status(called: Any, server: Workload) -> None:
    del called
    seen = {"direction": "inbound", "client_id": identity("client"), "target_addr": f"{server.ip}:50051"}
    metrics = server.metrics()
    assert metrics.total("response_total", **seen, grpc_status="0", classification="success") >= 4
    assert metrics.total("response_total", **seen, grpc_status="15", classification="failure") >= 1


def test_http2_with_prior_knowledge(mesh: Mesh, client: Workload) -> None:
    # Where nginx's own user may read.
    place = mesh.root / "nginx"
    place.mkdir(mode=0o755)
    content = os.urandom(BIG)
    (place / "big").write_bytes(content)
    (place / "conf").write_text(NGINX.format(place=place))
    files = mesh.run("files", ["nginx", "-c", str(place / "conf")], ports=["80:8080"]).ready()
    for file, status in (("big", 200), ("none", 404)):
        done = client.execute(
            *("curl", "-sS", "--http2-prior-knowledge"),
            *("-w", "%{stderr}HTTP/%{http_version} %{http_code}", f"http://files/{file}"),
        )
        assert (done.returncode, done.stderr.decode()) == (0, f"HTTP/2 {status}")
        if status == 200:
            assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(content).digest()
    assert files.stop() == 0
