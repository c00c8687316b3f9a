"""Every name, address and port that the cluster has on this machine: one cluster at a time.

Each network stands in a tuple with one entry for each family, the first of which is the main one. All that is made of
them follows.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NODES: tuple[Network, ...] = (IPv4Network("10.124.0.0/24"), IPv6Network("fd00:10:124::/64"))
"""Its first address is the machine's own; node N has the one with 10 + N."""
PODS: tuple[Network, ...] = (IPv4Network("10.125.0.0/16"), IPv6Network("fd00:10:125::/56"))
"""Node N has the Nth part of it."""
SERVICES: tuple[Network, ...] = (IPv4Network("10.126.0.0/16"), IPv6Network("fd00:10:126::/112"))
MOST_NODES = 9

BRIDGE = "hbk0"
DOMAIN = "cluster.local"
API_PORT = 6443
CONTROLLERS_PORT = 10257
SCHEDULER_PORT = 10259
ETCD_PORT = 23790
"""On the machine's loopback, like the next one; both are below what Linux gives to clients."""
ETCD_PEER_PORT = 23791
_FIRST_NODE = 10
_PART = {4: 24, 6: 64}
"""Bits that the pods of one node have in common, by the version of IP."""


def machine() -> tuple[Address, ...]:
    """Where the API server listens, and any server of a test that pods are to reach."""
    return tuple(network[1] for network in NODES)


def api_url() -> str:
    return f"https://{_in_url(machine()[0])}:{API_PORT}"


def etcd_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def node_name(number: int) -> str:
    return f"n{number}"


def namespace(number: int) -> str:
    """The node's network namespace, and its group in every hierarchy of cgroups."""
    return f"hbk-n{number}"


def link(number: int) -> str:
    """The machine's end of the cable to the node."""
    return f"hbk-v{number}"


def node(number: int) -> tuple[Address, ...]:
    return tuple(network[_FIRST_NODE + number] for network in NODES)


def pods(number: int) -> tuple[Network, ...]:
    return tuple(_part(network, number) for network in PODS)


def service_api() -> Address:
    """Kubernetes gives the first address of the services to its own API."""
    return SERVICES[0][1]


def service_dns() -> tuple[Address, ...]:
    return tuple(network[10] for network in SERVICES)


def with_length(address: Address, network: Network) -> str:
    return f"{address}/{network.prefixlen}"


def _part(network: Network, number: int) -> Network:
    length = _PART[network.version]
    size = 1 << (network.max_prefixlen - length)
    return ip_network(f"{network.network_address + number * size}/{length}")


def _in_url(address: Address) -> str:
    return str(address) if address.version == 4 else f"[{address}]"
