"""A node: a network namespace, cgroups, and the three programs that make it one."""

from cluster import (
    addresses,
    containerd,
    files,
    groups,
    identities,
    images,
    kube_proxy,
    kubelet,
    mounts,
    network,
    strays,
)
from cluster.daemons import Daemons
from cluster.places import Places

_TIMEOUT_S = 30.0


def start(places: Places, daemons: Daemons, number: int, nodes: int, mode: str) -> None:
    """Returns when all of its programs are started. `nodes`: how many the cluster has."""
    if not daemons.running(containerd.name(number)) and not containerd.is_in_use(number):
        # Whoever came before did not come to an end in order, or the machine was started anew.
        _clear(places, number)
    network.make_node(number, nodes)
    entries = groups.make(addresses.namespace(number))
    daemons.start(containerd.daemon(places, number, entries))
    what = f"containerd of node {number}"
    daemons.wait(what, lambda: containerd.answers(places, number), _TIMEOUT_S, by=[containerd.name(number)])
    # The kubelet starts pods at once if it remembers some.
    images.load(places, number, only=images.PAUSE)
    daemons.start(kubelet.daemon(places, number))
    daemons.start(kube_proxy.daemon(places, number, mode))


def programs(number: int) -> tuple[str, ...]:
    return identities.kubelet(number), kube_proxy.name(number), containerd.name(number)


def end(places: Places, daemons: Daemons, number: int) -> None:
    """Leaves its files only, such as the images that were loaded. Any of it may be missing."""
    daemons.stop(*programs(number))
    groups.kill(addresses.namespace(number))
    _clear(places, number)
    network.remove_node(number)
    groups.remove(addresses.namespace(number))


def present(places: Places) -> list[int]:
    """All of which there is anything, whether in files or in the kernel."""
    prefix = addresses.namespace(0)[:-1]
    names = {*groups.names(prefix), *(name for name in network.left() if name.startswith(prefix))}
    folders = {path.name.removeprefix("n") for path in places.run.glob("n*")}
    numbers = {*(name.removeprefix(prefix) for name in names), *folders}
    return sorted(int(number) for number in numbers if number.isdecimal())


def _clear(places: Places, number: int) -> None:
    """Removes what its dead processes have left: mounts first, so that nothing beyond them is removed."""
    mounts.release(places.node(number))
    strays.remove(number, places.node(number))
    for path in containerd.volatile(places, number):
        files.remove(path)
