"""The answer for a destination, as plain data."""

from dataclasses import dataclass
from typing import Literal

from hauberk.policy.routing import CallMatch, Filter, Host, Meta, RequestMatch

Protocol = Literal["detect", "opaque", "http1", "http2", "grpc"]


@dataclass(frozen=True, slots=True)
class Balance:
    """Over the endpoints of `path`, which is `name:port` and never an address (another make of proxy panics on one)."""

    path: str


@dataclass(frozen=True, slots=True)
class Forward:
    """To exactly this address."""

    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class Nowhere:
    """There is no such backend: its filters answer."""


@dataclass(frozen=True, slots=True)
class Backend:
    meta: Meta
    target: Balance | Forward | Nowhere
    weight: int = 1
    """Above zero: a backend without weight is not listed (another make of proxy panics if there are only such)."""
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class OutboundRule:
    matches: tuple[RequestMatch, ...] | tuple[CallMatch, ...]
    """Of calls where the protocol is gRPC, else of requests."""
    backends: tuple[Backend, ...]
    """Never empty."""
    filters: tuple[Filter, ...] = ()
    weighted: bool = False
    """Choose by weight; else the first one that is available."""
    request_timeout_ms: int | None = None
    needs: frozenset[str] = frozenset()
    """What a proxy must understand to be told of it (see `capability`)."""


@dataclass(frozen=True, slots=True)
class OutboundRoute:
    meta: Meta
    rules: tuple[OutboundRule, ...]
    hosts: tuple[Host, ...] = ()


@dataclass(frozen=True, slots=True)
class OpaqueRoute:
    """For bytes that no protocol was read from; without a backend the connection is refused."""

    meta: Meta
    backend: Backend | None


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    meta: Meta
    protocol: Protocol
    routes: tuple[OutboundRoute, ...]
    """For HTTP/1 and HTTP/2 alike, or for gRPC; none where the protocol is opaque."""
    opaque: OpaqueRoute | None
    """Where the protocol is opaque, or is to be detected."""
