"""The nodes' network: a bridge of the machine, and for each node a namespace with one cable to it."""

import json
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path

from cluster import addresses, commands
from cluster.failure import ClusterFailed

_NAMESPACES = Path("/run/netns")
_LINKS = Path("/sys/class/net")
_SETTINGS = (
    "ipv4/ip_forward",
    "ipv6/conf/all/forwarding",
    "bridge/bridge-nf-call-iptables",
    "bridge/bridge-nf-call-ip6tables",
)
"""Answers between two pods of a node pass the bridge only; without the last two they would keep the pod's address where
the client expects the Service's."""
_IPV6 = Path("/proc/net/if_inet6")
_BRIDGED = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def namespace(number: int) -> Path:
    return _NAMESPACES / addresses.namespace(number)


def inside(number: int, argv: Iterable[str]) -> list[str]:
    """A command in the network of a node."""
    return ["nsenter", f"--net={namespace(number)}", "--", *argv]


def make_bridge(owner: Path) -> None:
    """`owner` is noted at the bridge, so that nobody takes it for the bridge of another cluster."""
    if found := next(filter(None, map(conflict, map(_routes, ("-4", "-6")))), None):
        raise ClusterFailed(f"this machine has a route of its own to {found}, which the cluster needs. Try: remove it")
    if (other := _owner()) not in ("", str(owner)):
        raise ClusterFailed(
            f"there is a cluster of {other} on this machine, and only one can be. "
            f"Try: HAUBERK_CLUSTER_HOME={other} python -m cluster down"
        )
    if not _BRIDGED.exists():
        commands.attempt(["modprobe", "--all", "br_netfilter", "overlay"])
    if not _BRIDGED.exists():
        raise ClusterFailed("this kernel has no br_netfilter, which Services need between the pods of a node")
    if not _IPV6.exists():
        raise ClusterFailed("this machine has no IPv6, and the cluster has both families. Try: enable it in the kernel")
    if not _has_link(addresses.BRIDGE):
        commands.run(["ip", "link", "add", addresses.BRIDGE, "type", "bridge"])
    commands.run(["ip", "link", "set", addresses.BRIDGE, "alias", str(owner)])
    for address, network in zip(addresses.machine(), addresses.NODES, strict=True):
        _give_address([], addresses.with_length(address, network), addresses.BRIDGE)
    commands.run(["ip", "link", "set", addresses.BRIDGE, "up"])


def make_node(number: int, nodes: int) -> None:
    """Every step looks at what is there, so a broken attempt is completed. `nodes`: how many the cluster has."""
    name, cable = addresses.namespace(number), addresses.link(number)
    within = ["-netns", name]
    if not _is_mounted(namespace(number)):
        namespace(number).unlink(missing_ok=True)
        commands.run(["ip", "netns", "add", name])
    if commands.attempt(["ip", *within, "link", "show", "eth0"]) is None:
        commands.attempt(["ip", "link", "delete", cable])
        commands.run(["ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name])
    commands.run(["ip", "link", "set", cable, "master", addresses.BRIDGE, "up"])
    commands.run(["ip", *within, "link", "set", "lo", "up"])
    for address, network in zip(addresses.node(number), addresses.NODES, strict=True):
        _give_address(within, addresses.with_length(address, network), "eth0")
    commands.run(["ip", *within, "link", "set", "eth0", "up"])
    for gateway in addresses.machine():
        commands.run(["ip", *within, "route", "replace", "default", "via", str(gateway)])
    for setting in _SETTINGS:
        commands.run(inside(number, ["sh", "-c", f"echo 1 >/proc/sys/net/{setting}"]))
    for other in range(1, nodes + 1):
        if other != number:
            _route(within, other, "eth0")
    _route([], number, addresses.BRIDGE)


def remove_node(number: int) -> None:
    """It need not be there. The links inside, and the pods' other ends of them, go with the namespace."""
    if _has_link(addresses.link(number)):
        commands.attempt(["ip", "link", "delete", addresses.link(number)])
    if namespace(number).exists():
        commands.attempt(["ip", "netns", "delete", addresses.namespace(number)])


def remove_bridge(owner: Path) -> None:
    """It need not be there, and may be another cluster's, which keeps it. Routes of the machine go with it."""
    if _has_link(addresses.BRIDGE) and _owner() in ("", str(owner)):
        commands.attempt(["ip", "link", "delete", addresses.BRIDGE])


def left() -> list[str]:
    """Names of ours that are there."""
    links = [path.name for path in _LINKS.glob("hbk*") if path.name.startswith((addresses.BRIDGE, "hbk-v"))]
    return sorted([*links, *(path.name for path in _NAMESPACES.glob("hbk-n*"))])


def conflict(routes: Iterable[Mapping[str, object]]) -> str | None:
    """The first of the machine's routes, as `ip -json route` tells them, that goes into our networks by another way."""
    ours = (*addresses.NODES, *addresses.PODS)
    for route in routes:
        target = str(route["dst"])
        if target == "default" or route.get("dev") == addresses.BRIDGE:
            continue
        network = ip_network(target)
        if any(network.version == our.version and network.subnet_of(our) for our in ours):  # type: ignore[arg-type]
            return target
    return None


def _give_address(within: list[str], address: str, link: str) -> None:
    commands.run(["ip", *within, "address", "replace", address, "dev", link, *(["nodad"] if ":" in address else [])])


def _route(within: list[str], number: int, link: str) -> None:
    for pods, node in zip(addresses.pods(number), addresses.node(number), strict=True):
        commands.run(["ip", *within, "route", "replace", str(pods), "via", str(node), "dev", link])


def _routes(family: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(commands.run(["ip", family, "-json", "route", "show"]) or "[]")
    return found


def _has_link(name: str) -> bool:
    return (_LINKS / name).exists()


def _owner() -> str:
    try:
        return (_LINKS / addresses.BRIDGE / "ifalias").read_text().strip()
    except OSError:
        return ""


def _is_mounted(path: Path) -> bool:
    """A namespace's name is a mount; a bare file is what a broken attempt left."""
    return path.exists() and path.stat().st_dev != path.parent.stat().st_dev
