"""The answers: endpoints and profiles, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

WEIGHT = 10_000
"""Of every endpoint; informative, proxies do not weigh by it."""

Labels = tuple[tuple[str, str], ...]
"""Labels for metrics, in the order of their names."""

Address = tuple[str, int]
"""IP address and port."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and what a proxy must know to reach it."""

    ip: str
    port: int
    labels: Labels = ()
    identity: str | None = None
    """Of a member of the mesh: connect with mutual TLS, and only so."""
    opaque: bool = False
    """The bytes must not be looked at."""
    transport_port: int | None = None
    """The inbound port of the endpoint's proxy, which takes a transport header."""

    @property
    def address(self) -> Address:
        return (self.ip, self.port)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint that can answer, and what decides whose it is."""

    endpoint: Endpoint
    ready: bool = True
    """Else it is going away and still serves: for when nobody else is there."""
    node: str = ""
    zone: str = ""
    for_nodes: frozenset[str] = frozenset()
    for_zones: frozenset[str] = frozenset()
    """Hints: whose clients should use it; without any, nobody said."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """All endpoints of a port of a Service, by address: the answer that clients everywhere share."""

    exists: bool
    """Whether the Service does."""
    labels: Labels = ()
    """Of the Service itself."""
    all: tuple[Candidate, ...] = ()
    local: bool = False
    """Clients have to stay on their own Node."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of a port of a Service for clients of one place."""

    exists: bool
    labels: Labels = ()
    by_address: Mapping[Address, Endpoint] = field(default_factory=dict)


MISSING = Candidates(exists=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a destination as a whole. Without any field: a port that the Service does not declare."""

    fully_qualified_name: str = ""
    opaque: bool = False
    endpoint: Endpoint | None = None
    """The destination is this one workload or address, not a Service."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What turns one set of endpoints into another."""

    put: tuple[Endpoint, ...]
    gone: tuple[Address, ...]


def difference(old: Endpoints, new: Endpoints) -> Difference:
    """Endpoints that are new or have changed, and addresses that are no more."""
    return Difference(
        put=tuple(e for address, e in new.by_address.items() if old.by_address.get(address) != e),
        gone=tuple(address for address in old.by_address if address not in new.by_address),
    )
