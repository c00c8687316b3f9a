"""Brings the cluster up, or completes what is there of it."""

from functools import partial

from cluster import addresses, control_plane, dns, identities, images, kubectl, kubelet, network, node, tunables
from cluster.cluster import Cluster
from cluster.failure import ClusterFailed

_TIMEOUT_S = 60.0


def up(cluster: Cluster, nodes: int, mode: str) -> None:
    """Returns when every node is ready and gets answers of DNS. `mode`: of kube-proxy.

    Raises ClusterFailed with the last words of whoever did not do its part.
    """
    places, daemons = cluster.places, cluster.daemons
    numbers = range(1, nodes + 1)
    identities.make(places, nodes)
    network.make_bridge(places.home)
    for number in node.present(places):
        if number not in numbers:
            node.end(places, daemons, number)
    control_plane.start(places, daemons, cluster.api)
    cluster.say("the control plane answers")
    _forget_other_nodes(cluster, {addresses.node_name(number) for number in numbers})
    tunables.note(places.run / "tunables.json")
    for number in numbers:
        node.start(places, daemons, number, nodes, mode)
    for number in numbers:
        name = identities.kubelet(number)
        ready = f"a ready node {number}"
        daemons.wait(ready, partial(kubelet.ready, cluster.api, daemons, number), _TIMEOUT_S, by=[name])
    cluster.say(f"{nodes} node{'s are' if nodes > 1 else ' is'} ready")
    load(cluster)
    dns.start(places, daemons, nodes)
    cluster.say("DNS answers on every node")
    if fallen := daemons.fallen():
        raise ClusterFailed(fallen)


def load(cluster: Cluster) -> None:
    """Loads into every running node the images that have changed."""
    for number in node.present(cluster.places):
        if cluster.daemons.running(identities.kubelet(number)):
            for name in images.load(cluster.places, number):
                cluster.say(f"image {name}: loaded into node {number}")


def _forget_other_nodes(cluster: Cluster, wanted: set[str]) -> None:
    """Nodes that an earlier cluster had more: their pods would wait minutes for them."""
    known = cluster.api.object("/api/v1/nodes") or {}
    for name in {item["metadata"]["name"] for item in known.get("items", [])} - wanted:
        kubectl.run(cluster.places, ["delete", "node", name])
        gone = ["--all-namespaces", f"--field-selector=spec.nodeName={name}", "--grace-period=0", "--force"]
        kubectl.run(cluster.places, ["delete", "pods", *gone])
