"""Where the servers listen, and by which addresses the planes are reached."""

from bench.cases import Protocol

BEHIND = {Protocol.HTTP1: 8080, Protocol.HTTP2: 8090, Protocol.GRPC: 8092, Protocol.TCP: 4444}
"""The servers' ports that the planes end at. 4444 is one of those whose bytes the mesh does not look at by default."""
DIRECT = {Protocol.HTTP1: 8081, Protocol.HTTP2: 8091, Protocol.GRPC: 8093, Protocol.TCP: 4445}
"""The same servers' ports that no proxy stands before."""
SERVICE = {**BEHIND, Protocol.HTTP1: 80}
"""The Service's ports, for BEHIND."""
OPAQUE = 5432
"""An HTTP/1 server on a port whose bytes the mesh does not look at."""
FAR = 8070
"""An HTTP/1 server that the mesh reaches over a long way."""
INBOUND = 4143
"""The port of a proxy of the mesh, which others of its kind connect to."""
ADMIN = 4191
"""The port at which a proxy of the mesh tells its metrics."""
RELAYED = range(15400, 15500)
"""Ports of the other planes' proxies, which no redirect touches."""
LOOPBACK = "127.0.0.1"
_ORDER = tuple(Protocol)


def relay(protocol: Protocol) -> tuple[int, int]:
    """Beside the client and beside the server."""
    place = RELAYED.start + _ORDER.index(protocol)
    return place, place + 10


def envoy(number: int, protocol: Protocol) -> tuple[int, int]:
    """Of the plane with this number: beside the client and beside the server."""
    place = RELAYED.start + 20 * (number + 1) + _ORDER.index(protocol)
    return place, place + 10


FAR_DIRECT, FAR_RELAY, FAR_RELAY_WAY, FAR_MESH_WAY = range(RELAYED.stop - 20, RELAYED.stop - 16)
"""Beside the client: two addresses to ask, and the long ways of the relay and of the mesh."""
