"""The answer for a port of a workload, as plain data."""

from dataclasses import dataclass
from typing import Literal

from hauberk.policy.routing import CallMatch, Filter, Host, Meta, RequestMatch

Protocol = Literal["detect", "opaque", "tls", "http1", "http2", "grpc"]


@dataclass(frozen=True, slots=True)
class Network:
    """Addresses of clients, in CIDR notation."""

    net: str
    excepted: tuple[str, ...] = ()


EVERYWHERE = (Network("0.0.0.0/0"), Network("::/0"))


@dataclass(frozen=True, slots=True)
class Unauthenticated:
    """Anyone, also in plaintext."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Members of the mesh by name; a suffix without parts is every member."""

    names: tuple[str, ...] = ()
    suffixes: tuple[tuple[str, ...], ...] = ()


ANY_MEMBER = Identities(suffixes=((),))


@dataclass(frozen=True, slots=True)
class Authorization:
    """Clients that may talk: from one of the networks, and with one of the identities."""

    meta: Meta
    networks: tuple[Network, ...]
    clients: Unauthenticated | Identities
    needs: frozenset[str] = frozenset()
    """What a proxy must understand to be told of it (see `capability`)."""


@dataclass(frozen=True, slots=True)
class InboundRule:
    matches: tuple[RequestMatch, ...] | tuple[CallMatch, ...]
    """Of calls where the protocol is gRPC, else of requests."""
    filters: tuple[Filter, ...] = ()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """Its own authorizations hold beside those of the whole port."""

    meta: Meta
    rules: tuple[InboundRule, ...]
    hosts: tuple[Host, ...] = ()
    authorizations: tuple[Authorization, ...] = ()


@dataclass(frozen=True, slots=True)
class RateOverride:
    """A limit of some clients together, in place of that of each identity."""

    requests_per_second: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests in a second that a proxy takes; `None`: any number."""

    meta: Meta
    total: int | None = None
    identity: int | None = None
    overrides: tuple[RateOverride, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerPolicy:
    """How the bytes of a port are read and who may send them."""

    meta: Meta
    """The Server, or the default policy."""
    protocol: Protocol
    authorizations: tuple[Authorization, ...]
    routes: tuple[InboundRoute, ...] = ()
    """Only for protocols that have routes."""
    rate_limit: RateLimit | None = None
    """Only for protocols whose requests are counted."""
    needs: frozenset[str] = frozenset()
    """What a proxy must understand to let anybody in at all."""
