"""Addresses and networks ↔ `io.linkerd.proxy.net`."""

from ipaddress import IPv4Address, IPv6Address, ip_network

from hauberk._api.linkerd import net_pb2


def network(cidr: str) -> net_pb2.IPNetwork:
    of = ip_network(cidr, strict=False)
    return net_pb2.IPNetwork(ip=address(of.network_address), prefix_len=of.prefixlen)


def address(ip: IPv4Address | IPv6Address) -> net_pb2.IPAddress:
    if isinstance(ip, IPv4Address):
        return net_pb2.IPAddress(ipv4=int(ip))
    return net_pb2.IPAddress(ipv6=net_pb2.IPv6(first=int(ip) >> 64, last=int(ip) & (2**64 - 1)))


def address_of(message: net_pb2.IPAddress) -> IPv4Address | IPv6Address | None:
    """An IPv4 address in the clothes of IPv6 is one of IPv4."""
    match message.WhichOneof("ip"):
        case "ipv4":
            return IPv4Address(message.ipv4)
        case "ipv6":
            ipv6 = IPv6Address(message.ipv6.first << 64 | message.ipv6.last)
            return ipv6.ipv4_mapped or ipv6
        case _:
            return None
