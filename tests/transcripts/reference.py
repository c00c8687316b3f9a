"""What a message means to a proxy that knows the common contract and nothing else, as slowly and plainly as can be."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from google.protobuf.message import Message

from hauberk._api.linkerd import destination_pb2, inbound_pb2, net_pb2

OURS_FROM = 1000
"""Numbers of the fields that we add to the contract's messages."""

M = TypeVar("M", bound=Message)
Address = tuple[str, int]
Admitted = frozenset[tuple[int, int, str, str]]
"""Number of the route, number of its rule, address of the client, its identity or nothing."""

CLIENTS = ("10.77.0.5", "10.78.0.1", "192.0.2.1", "2001:db8::1")


def ours(message: Message) -> Iterator[str]:
    """The fields of ours that are set in it, by their full names."""
    for field, value in message.ListFields():
        if field.number >= OURS_FROM:
            yield field.full_name
            continue
        for inner in _messages(field, value):
            yield from ours(inner)


def without_ours(message: M) -> M:
    """As it comes out of a program that was built from the contract's own files and forgets what is not in them."""
    copy = type(message)()
    copy.CopyFrom(message)
    _drop(copy)
    return copy


def _drop(message: Message) -> None:
    for field, value in message.ListFields():
        if field.number >= OURS_FROM:
            message.ClearField(field.name)
            continue
        for inner in _messages(field, value):
            _drop(inner)


def _messages(field: Any, value: Any) -> Iterable[Message]:
    if field.message_type is None or field.message_type.GetOptions().map_entry:
        return ()
    return (value,) if isinstance(value, Message) else tuple(value)


def admitted(server: inbound_pb2.Server) -> Admitted:
    """Who gets an answer of the program; a port without routes has one, of one rule."""
    kind = server.protocol.WhichOneof("kind")
    of_kind = getattr(server.protocol, kind)
    routes = list(getattr(of_kind, "http_routes", ())) + list(getattr(of_kind, "routes", ()))
    identities = {"", "nobody.at.all", *_named(server)}
    found = set()
    for number, route in enumerate(routes or [None]):
        authorizations = [*server.authorizations, *(route.authorizations if route else ())]
        for place, rule in enumerate(route.rules if route else [None]):
            if rule is not None and any(f.WhichOneof("kind") != "request_header_modifier" for f in rule.filters):
                continue
            found |= {
                (number, place, client, identity)
                for client in CLIENTS
                for identity in identities
                if any(_permits(authz, client, identity) for authz in authorizations)
            }
    return frozenset(found)


def _named(message: Message) -> Iterator[str]:
    """Every identity that is mentioned anywhere, and one that each suffix takes."""
    if isinstance(message, inbound_pb2.Identity):
        yield message.name
    elif isinstance(message, inbound_pb2.IdentitySuffix):
        yield ".".join(["any", *message.parts])
    for field, value in message.ListFields():
        for inner in _messages(field, value):
            yield from _named(inner)


def _permits(authz: inbound_pb2.Authz, client: str, identity: str) -> bool:
    if not any(
        _contains(network.net, client) and not any(_contains(e, client) for e in getattr(network, "except"))
        for network in authz.networks
    ):
        return False
    match authz.authentication.WhichOneof("permit"):
        case "unauthenticated":
            return True
        case "mesh_tls":
            clients = authz.authentication.mesh_tls
            if clients.WhichOneof("clients") == "unauthenticated":
                return bool(identity)
            names = [listed.name for listed in clients.identities.identities]
            suffixes = [".".join(["", *suffix.parts]) for suffix in clients.identities.suffixes]
            return bool(identity) and (identity in names or any(s == "." or identity.endswith(s) for s in suffixes))
    return False


def _contains(network: net_pb2.IPNetwork, client: str) -> bool:
    net = ip_network(f"{_ip(network.ip)}/{network.prefix_len}", strict=False)
    address = ip_address(client)
    return address.version == net.version and address in net


def _ip(message: net_pb2.IPAddress) -> IPv4Address | IPv6Address:
    if message.WhichOneof("ip") == "ipv4":
        return IPv4Address(message.ipv4)
    return IPv6Address(message.ipv6.first << 64 | message.ipv6.last)


def applied(held: dict[Address, str], update: destination_pb2.Update) -> dict[Address, str]:
    """Addresses with the identity that each must prove, or nothing, after one more message of a stream."""
    match update.WhichOneof("update"):
        case "add":
            return held | {_address(addr.addr): addr.tls_identity.dns_like_identity.name for addr in update.add.addrs}
        case "remove":
            gone = {_address(address) for address in update.remove.addrs}
            return {address: identity for address, identity in held.items() if address not in gone}
        case _:
            return {}


def _address(address: net_pb2.TcpAddress) -> Address:
    return str(_ip(address.ip)), address.port
