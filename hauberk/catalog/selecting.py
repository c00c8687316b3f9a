"""Which Server holds for a port of a Pod."""

from hauberk.catalog.snapshot import Snapshot
from hauberk.model.pod import Pod
from hauberk.model.server import Server


def server_of(snapshot: Snapshot, pod: Pod, port: int) -> Server | None:
    """The oldest Server that selects the port, if any does: later ones that overlap have no effect."""
    servers = snapshot.servers(pod.metadata.namespace)
    return next((server for server in servers if selects(server, pod, port)), None)


def selects(server: Server, pod: Pod, port: int) -> bool:
    """Whether the Server means this port of the Pod, by number or by name."""
    if server.spec.pod_selector is None or not server.spec.pod_selector.matches(pod.metadata.labels):
        return False
    if isinstance(server.spec.port, int):
        return server.spec.port == port
    return any(
        declared.name == server.spec.port and declared.container_port == port
        for container in pod.spec.containers
        for declared in container.ports
    )
