"""Where a client runs. Pure."""

from hauberk.catalog.caller import Workload
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.choose import NOWHERE, Place


def place_of(snapshot: Snapshot, workload: Workload | None) -> Place:
    """By the Node that the client names in its token, or that its Pod is on; the zone is the Node's."""
    if workload is None:
        return NOWHERE
    name = workload.node
    if not name:
        pod = snapshot.pod(workload.namespace, workload.name)
        name = pod.spec.node_name if pod is not None else ""
    node = snapshot.node(name)
    return Place(node=name, zone=node.zone if node is not None else "")
