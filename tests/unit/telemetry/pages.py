"""Pages of metrics as proxies write them, for the tests beside this file."""

from hauberk.telemetry.change import Reading
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.target import Target

PARSER = Parser()


def target(pod: str, workload: str, address: str) -> Target:
    return Target("default", pod, workload, workload, address, meshed=True)


def identity(account: str) -> str:
    return f"{account}.default.serviceaccount.identity.hauberk.cluster.local"


def outbound(service: str, pod: str, requests: int, failures: int = 0, *, tls: bool = True) -> str:
    secure = f'tls="true",server_id="{identity(service)}"' if tls else 'tls="no_identity",no_tls_reason="loopback"'
    where = f'direction="outbound",dst_namespace="default",dst_service="{service}",dst_pod="{pod}",{secure}'
    fast = requests // 2
    return (
        f'response_total{{{where},status_code="200",classification="success"}} {requests - failures}\n'
        f'response_total{{{where},status_code="500",classification="failure"}} {failures}\n'
        f'hauberk_response_latency_seconds_bucket{{{where},le="0.001"}} {fast}\n'
        f'hauberk_response_latency_seconds_bucket{{{where},le="0.01"}} {requests}\n'
        f'hauberk_response_latency_seconds_bucket{{{where},le="+Inf"}} {requests}\n'
        f'tcp_open_connections{{{where},peer="dst"}} 1\n'
        f'tcp_open_connections{{direction="outbound",peer="src",tls="loopback"}} 3\n'
    )


def inbound(client: str, requests: int) -> str:
    where = f'direction="inbound",tls="true",client_id="{identity(client)}"'
    return (
        f'response_total{{{where},status_code="200",classification="success"}} {requests}\n'
        f'hauberk_response_latency_seconds_bucket{{{where},le="0.001"}} {requests}\n'
        f'hauberk_response_latency_seconds_bucket{{{where},le="+Inf"}} {requests}\n'
        f'tcp_open_connections{{{where},peer="src"}} 2\n'
        f'tcp_open_connections{{direction="inbound",peer="dst"}} 9\n'
    )


def reading(whose: Target, at_s: float, page: str) -> Reading:
    return Reading(whose, at_s, PARSER.parse(page))
