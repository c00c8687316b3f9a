"""Ends the cluster, in whatever state it is."""

from collections.abc import Callable
from functools import partial

from cluster import addresses, files, groups, mounts, network, node, tunables
from cluster.cluster import Cluster
from cluster.failure import ClusterFailed


def down(cluster: Cluster, *, wipe: bool) -> None:
    """Leaves files only, so that the next start is quicker, and of those with `wipe` only what was built.

    One thing that does not go does not keep the others; at last ClusterFailed says what is left.
    """
    places, daemons = cluster.places, cluster.daemons
    failures: list[str] = []
    # All at once: the API server takes its time.
    _try(failures, lambda: daemons.stop(*daemons.names()))
    for number in node.present(places):
        _try(failures, partial(node.end, places, daemons, number))
    _try(failures, lambda: network.remove_bridge(places.home))
    _try(failures, lambda: tunables.restore(places.run / "tunables.json"))
    if wipe and not failures and not mounts.present(places.run):
        _try(failures, lambda: files.remove(places.run))
    if found := [*failures, *left(cluster)]:
        raise ClusterFailed("the cluster is not quite down: " + "\n".join(found))
    cluster.say("down")


def left(cluster: Cluster) -> list[str]:
    """What there is of a cluster beside files, a line for each."""
    places, daemons = cluster.places, cluster.daemons
    running = [(name, process) for name in daemons.names() if (process := daemons.running(name))]
    return [
        *(f"{name} runs as process {process.pid}" for name, process in running),
        *(f"there is the link or namespace {name}" for name in network.left()),
        *(f"there is the cgroup {name}" for name in sorted(groups.names(addresses.namespace(0)[:-1]))),
        *(f"{point} is mounted" for point in mounts.present(places.run)),
    ]


def _try(failures: list[str], step: Callable[[], None]) -> None:
    try:
        step()
    except (ClusterFailed, OSError) as failure:
        failures.append(str(failure))
