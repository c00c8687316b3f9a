"""Choosing addresses: a pure, stable allocator for Pods and Services.

The choice depends on the name first and on what is taken second, so that the same name gets the same address on every
machine and after every restart unless somebody else holds it.
"""

import hashlib
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network


class AddressesExhausted(Exception):
    """Every usable address of the network is taken."""

    def __init__(self, network: IPv4Network) -> None:
        super().__init__(f"no address of {network} is free: remove workloads or services that are no longer needed")
        self.network = network


def choose(network: IPv4Network, *, name: str, taken: Collection[IPv4Address]) -> IPv4Address:
    """Return a free host address of `network`, where the hash of `name` says where the search begins.

    The network and broadcast addresses are never chosen; other reserved ones (a gateway) belong into `taken`.
    Raises AddressesExhausted.
    """
    hosts = network.num_addresses - 2
    if hosts < 1:
        raise AddressesExhausted(network)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % hosts
    base = int(network.network_address) + 1
    # One more probe than there are taken addresses always meets a free one, if there is one.
    for step in range(min(hosts, len(taken) + 1)):
        candidate = IPv4Address(base + (first + step) % hosts)
        if candidate not in taken:
            return candidate
    raise AddressesExhausted(network)


def is_host_of(network: IPv4Network, address: IPv4Address) -> bool:
    """Whether `address` may belong to a host of `network` (neither its network nor its broadcast address)."""
    return address in network and address not in (network.network_address, network.broadcast_address)
