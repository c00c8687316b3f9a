"""Which Server holds for a port of a Pod, and which rate limits for a Server. Pure."""

from hauberk.catalog.snapshot import Snapshot
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.pod import Pod
from hauberk.model.rate_rules import http_local_rate_limit_policy
from hauberk.model.server import EVERY_PORT, Server


def server_of(snapshot: Snapshot, pod: Pod, port: int) -> Server | None:
    """The oldest Server that selects the port, if any does: later ones that overlap have no effect."""
    servers = snapshot.servers(pod.metadata.namespace)
    return next((server for server in servers if selects(server, pod, port)), None)


def selects(server: Server, pod: Pod, port: int) -> bool:
    """Whether the Server means this port of the Pod, by number or by name."""
    if server.spec.pod_selector is None or not server.spec.pod_selector.matches(pod.metadata.labels):
        return False
    if server.closed and server.spec.port == EVERY_PORT:
        return True
    if isinstance(server.spec.port, int):
        return server.spec.port == port
    return any(
        declared.name == server.spec.port and declared.container_port == port
        for container in pod.lasting
        for declared in container.ports
    )


def limits_of(snapshot: Snapshot, namespace: str, server: str) -> HTTPLocalRateLimitPolicy | None:
    """The oldest policy for the Server that makes sense, if there is any: later ones have no effect."""
    policies = snapshot.rate_limits(namespace, server)
    return next((policy for policy in policies if limits_make_sense(policy)), None)


def limits_make_sense(policy: HTTPLocalRateLimitPolicy) -> bool:
    return next(http_local_rate_limit_policy(policy), None) is None
