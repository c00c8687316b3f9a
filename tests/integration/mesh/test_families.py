"""The families of metrics that the contract has, with their labels, on the pages of a real pair of proxies.

The list is that of the facts; what is not there must be named, with its reason, in docs/compatibility.md.
"""

import contextlib
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

import pytest
from meshkit import namespace
from meshkit.bare import PROXY_UID
from meshkit.contract import VIRTUAL_IP, World
from meshkit.foreign import INBOUND, Answer
from meshkit.http import Http
from meshkit.messages import NAMES, default
from meshkit.pair import PORTS, SERVER_IP, Pair, a_pair, world
from meshkit.start import PROGRAMS
from meshkit.until import until

from hauberk._api.linkerd import inbound_pb2

DOCS = Path(__file__).parents[3] / "docs" / "compatibility.md"
LIMITED = 9004

TARGET = "target_addr target_ip target_port"
SERVER = "srv_group srv_kind srv_name srv_port"
ROUTE = "route_group route_kind route_name"
AUTHZ = "authz_group authz_kind authz_name"
DST = "dst_service dst_namespace dst_pod dst_serviceaccount"
PARENT = "parent_group parent_kind parent_namespace parent_name parent_port parent_section_name"
OUTBOUND_ROUTE = f"{PARENT} {ROUTE} route_namespace hostname"
BACKEND = "backend_group backend_kind backend_namespace backend_name backend_port backend_section_name"
SERVED = f"parent_group parent_kind parent_name parent_port {ROUTE}"
OUTCOME = "status_code classification grpc_status error"

CLIENT: dict[str, str] = {
    "request_total": f"direction authority tls server_id {TARGET} {DST}",
    "response_total": f"direction authority tls server_id {TARGET} {DST} {OUTCOME}",
    "response_latency_ms_count": f"direction authority tls server_id {TARGET} {DST} status_code",
    "tcp_open_total": f"direction peer tls {TARGET}",
    "tcp_open_connections": f"direction peer tls {TARGET}",
    "tcp_read_bytes_total": f"direction peer tls {TARGET}",
    "tcp_write_bytes_total": f"direction peer tls {TARGET}",
    "tcp_close_total": f"direction peer tls {TARGET} errno",
    "outbound_http_errors_total": "error",
    "outbound_tcp_errors_total": "error",
    "outbound_http_route_request_duration_seconds_count": OUTBOUND_ROUTE,
    "outbound_http_route_request_statuses_total": f"{OUTBOUND_ROUTE} http_status error",
    "outbound_http_route_backend_requests_total": f"{OUTBOUND_ROUTE} {BACKEND}",
    "outbound_http_route_backend_response_duration_seconds_count": f"{OUTBOUND_ROUTE} {BACKEND}",
    "outbound_http_route_backend_response_statuses_total": f"{OUTBOUND_ROUTE} {BACKEND} http_status error",
    "outbound_http_route_retry_limit_exceeded_total": OUTBOUND_ROUTE,
    "outbound_http_route_retry_overflow_total": OUTBOUND_ROUTE,
    "outbound_http_route_retry_requests_total": OUTBOUND_ROUTE,
    "outbound_http_route_retry_successes_total": OUTBOUND_ROUTE,
    "outbound_tcp_route_open_total": f"{PARENT} {ROUTE} route_namespace",
    "outbound_tcp_route_close_total": f"{PARENT} {ROUTE} route_namespace error",
    **{
        f"outbound_{kind}_balancer_{name}": f"addr {labels}"
        for kind in ("http", "tcp")
        for name, labels in {
            "endpoints": "endpoint_state",
            "p2c_endpoints": "",
            "p2c_updates_total": "op",
            "queue_length": "",
            "queue_requests_total": "",
            "queue_latency_seconds_count": "",
            "queue_gate_open_total": "",
            "queue_gate_shut_total": "",
            "queue_gate_open_time_seconds": "",
            "queue_gate_shut_time_seconds": "",
            "queue_gate_timeout_seconds": "",
        }.items()
    },
    "outbound_tcp_protocol_connections_total": "protocol",
    "outbound_tcp_transfer_cost_bytes_total": "op zone_locality",
    "outbound_tcp_detect_http_duration_seconds_count": "",
    "outbound_tcp_detect_http_results_total": "result",
    "control_request_total": "addr tls server_id",
    "control_response_total": "addr tls server_id status_code classification grpc_status error",
    "control_response_latency_ms_count": "addr tls server_id",
    "control_identity_cert_expiration_timestamp_seconds": "",
    "control_identity_cert_refresh_timestamp_seconds": "",
    "control_identity_cert_refreshes_total": "result",
    "proxy_build_info": "version git_sha profile vendor",
    "rustls_info": "tls_suites tls_kx_groups tls_rand tls_key_provider tls_fips",
    "process_cpu_seconds_total": "",
    "process_resident_memory_bytes": "",
    "process_virtual_memory_bytes": "",
    "process_open_fds": "",
    "process_max_fds": "",
    "process_threads": "",
    "process_start_time_seconds": "",
    "process_clock_time_seconds": "",
}
WEB: dict[str, str] = {
    "request_total": f"direction tls client_id {TARGET} {SERVER} {ROUTE} {AUTHZ}",
    "response_total": f"direction tls client_id {TARGET} {SERVER} {ROUTE} {AUTHZ} {OUTCOME}",
    "response_latency_ms_count": f"direction tls client_id {TARGET} {SERVER} {ROUTE} {AUTHZ} status_code",
    "tcp_open_total": f"direction peer tls client_id {TARGET} {SERVER}",
    "inbound_http_authz_allow_total": f"target_addr tls client_id {SERVER} {ROUTE} {AUTHZ}",
    "inbound_http_authz_deny_total": f"target_addr tls client_id {SERVER} {ROUTE}",
    "inbound_http_local_ratelimit_total": f"target_addr tls client_id {SERVER} ratelimit_scope "
    "ratelimit_group ratelimit_kind ratelimit_name",
    "inbound_tcp_authz_allow_total": f"target_addr tls client_id {SERVER} {AUTHZ}",
    "inbound_http_errors_total": "error",
    "inbound_http_requests_total": SERVED,
    "inbound_http_request_duration_seconds_count": SERVED,
    "inbound_http_response_duration_seconds_count": SERVED,
    "inbound_http_statuses_total": f"{SERVED} http_status error",
    "inbound_http_response_frame_size_bytes_count": SERVED,
    "inbound_tcp_detect_http_duration_seconds_count": "",
    "inbound_tcp_detect_http_results_total": "result",
    "inbound_tcp_transport_header_connections_total": "session_protocol target_port target_name client_id",
}
# Those that nothing in this pair counts for: they are announced all the same.
ANNOUNCED = [
    "inbound_http_route_not_found_total",
    "inbound_tcp_authz_deny_total",
    "inbound_tcp_authz_terminate_total",
    "inbound_tcp_errors_total",
    "outbound_tls_route_open_total",
    "outbound_tls_route_close_total",
    "outbound_tls_balancer_endpoints",
    "outbound_tls_balancer_queue_requests_total",
    "outbound_grpc_route_request_statuses_total",
    "outbound_grpc_route_backend_response_duration_seconds",
    "outbound_grpc_route_retry_requests_total",
    "outbound_grpc_route_request_frame_size_bytes",
    "inbound_grpc_requests_total",
    "inbound_grpc_response_duration_seconds",
    "control_dns_resolutions_total",
]
MISSING = [
    "route_request_total",
    "route_response_total",
    "route_response_latency_ms",
    "route_actual_request_total",
    "route_actual_response_total",
    "route_retryable_total",
    "stack_create_total",
    "stack_drop_total",
    "stack_poll_total",
    "stack_poll_total_ms",
    "opentelemetry_span_export_streams",
    "opentelemetry_balancer_endpoints",
    "control_identity_balancer_endpoints",
    "control_destination_balancer_endpoints",
    "control_policy_balancer_endpoints",
    "tokio_rt_workers",
]


@dataclass(frozen=True)
class Limited(World):
    """One port takes one request in a second."""

    def __call__(self, method: str, raw: bytes) -> Answer:
        answer = super().__call__(method, raw)
        if method != INBOUND or inbound_pb2.PortSpec.FromString(raw).port != LIMITED or isinstance(answer, tuple):
            return answer
        server = inbound_pb2.Server.FromString(answer)
        limit = server.protocol.detect.http_local_rate_limit
        limit.metadata.MergeFrom(default("few"))
        limit.total.requestsPerSecond = 1
        return server.SerializeToString()


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, str]]:
    """The pages of both proxies after traffic of all kinds."""
    limited = Limited(server_ip=SERVER_IP, ports=PORTS, opaque=frozenset({9002}))
    with a_pair(answers=limited) as pair:
        _traffic(pair)
        yield {
            name: host.must("curl", "-sS", "http://127.0.0.1:4191/metrics").decode()
            for name, host in (("client", pair.client), ("web", pair.server))
        }


def _traffic(pair: Pair) -> None:
    with pair.http() as http:
        assert http.get("/about").status == 200
        assert http.ask("POST", "/about", b"body").status == 200
        assert http.get("/about", {"l5d-require-id": "nobody"}).status == 502
    with (
        namespace.visiting(pair.client.pid),
        namespace.sockets_of(PROXY_UID),
        Http(SERVER_IP, lambda: socket.create_connection((SERVER_IP, 8080))) as from_outside,
    ):
        assert from_outside.get("/about").status == 200
    pair.client.must(sys.executable, str(PROGRAMS / "caller.py"), f"{VIRTUAL_IP}:50051")
    with pair.client.connect((VIRTUAL_IP, 9002)) as connection:
        connection.settimeout(10)
        assert connection.recv(100).startswith(b"220 ")
    with pair.client.connect((VIRTUAL_IP, 4711)) as refused:
        refused.settimeout(10)
        refused.sendall(b"nobody takes this")
        with contextlib.suppress(ConnectionResetError):
            assert refused.recv(100) == b""

    def status() -> int:
        with pair.http(LIMITED) as http:
            return http.get("/about").status

    until("the limit is met", lambda: status() == 429)
    pair.plane.say(world())
    until("only others are let in", lambda: status() == 403)


def _labels(page: str, name: str) -> list[set[str]]:
    found = re.findall(rf"^{name}(?:{{(.*)}})? \S+$", page, re.MULTILINE)
    return [set(re.findall(r'(\w+)="', labels)) for labels in found]


@pytest.mark.parametrize(
    ("side", "name", "labels"),
    [("client", *entry) for entry in CLIENT.items()] + [("web", *entry) for entry in WEB.items()],
)
def test_a_family_has_the_labels_of_the_contract(pages: dict[str, str], side: str, name: str, labels: str) -> None:
    seen = _labels(pages[side], name)
    assert any(set(labels.split()) <= labels_of_one for labels_of_one in seen), seen


@pytest.mark.parametrize("name", ANNOUNCED)
def test_a_family_that_counts_nothing_is_announced(pages: dict[str, str], name: str) -> None:
    assert f"# TYPE {name} " in pages["web"]


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_named_with_its_reason(pages: dict[str, str], name: str) -> None:
    assert f"# TYPE {name} " not in pages["client"] + pages["web"], "then it is missing no more"
    _, _, rest = DOCS.read_text().partition("\n| not there | why |\n")
    rows = rest.partition("\n\n")[0].splitlines()[1:]
    patterns = [
        pattern for row in rows for token in re.findall(r"`([^`]+)`", row.split("|")[1]) for pattern in _all(token)
    ]
    assert any(fnmatchcase(name, pattern) for pattern in patterns), patterns


def _all(pattern: str) -> list[str]:
    """A pattern with alternatives in braces, as patterns without."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(chosen) for chosen in product(*parts)]


def test_a_rate_is_counted_with_its_policy(pages: dict[str, str]) -> None:
    line = next(line for line in pages["web"].splitlines() if line.startswith("inbound_http_local_ratelimit_total{"))
    assert 'ratelimit_name="few",ratelimit_scope="total"' in line
    assert f'authority="web.default.{NAMES}:80"' in pages["client"]
