"""NetworkAuthentication (policy.linkerd.io): clients by their address."""

import msgspec

from hauberk.model.part import Part
from hauberk.model.resource import Resource


class Network(Part, frozen=True, kw_only=True):
    """Addresses in CIDR notation, or a single one."""

    cidr: str
    excepted: tuple[str, ...] = msgspec.field(default=(), name="except")


class NetworkAuthenticationSpec(Part, frozen=True, kw_only=True):
    networks: tuple[Network, ...]


class NetworkAuthentication(Resource, frozen=True, kw_only=True):
    api_version: str = "policy.linkerd.io/v1alpha1"
    spec: NetworkAuthenticationSpec
