"""EndpointSlice (discovery.k8s.io/v1): the addresses behind a Service. Made from Pods and selectors."""

from hauberk.model.part import Part
from hauberk.model.resource import Resource


class EndpointConditions(Part, frozen=True, kw_only=True):
    """None means unknown."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None

    @property
    def is_ready(self) -> bool:
        """Unknown counts as ready (discovery.k8s.io, EndpointConditions.ready)."""
        return self.ready is not False

    @property
    def is_draining(self) -> bool:
        """Going away and still able to answer. Unknown counts as serving and as not terminating."""
        return self.serving is not False and self.terminating is True


class ObjectReference(Part, frozen=True, kw_only=True):
    """The object that an address belongs to."""

    api_version: str | None = None
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class For(Part, frozen=True, kw_only=True):
    """A zone or a Node."""

    name: str


class EndpointHints(Part, frozen=True, kw_only=True):
    """Whose clients should use the endpoint. Written by the controller that makes slices."""

    for_zones: tuple[For, ...] = ()
    for_nodes: tuple[For, ...] = ()


class Endpoint(Part, frozen=True, kw_only=True):
    addresses: tuple[str, ...]
    """Of one family, and one as good as the other: the first is used."""
    conditions: EndpointConditions = EndpointConditions()
    hostname: str | None = None
    target_ref: ObjectReference | None = None
    node_name: str | None = None
    zone: str | None = None
    hints: EndpointHints | None = None


class EndpointPort(Part, frozen=True, kw_only=True):
    """The same for all endpoints of a slice."""

    name: str | None = None
    protocol: str = "TCP"
    port: int | None = None
    """None: every port, so the one that the Service's port leads to."""
    app_protocol: str | None = None


class EndpointSlice(Resource, frozen=True, kw_only=True):
    """Some of the endpoints of the Service that the label `kubernetes.io/service-name` names."""

    api_version: str = "discovery.k8s.io/v1"
    address_type: str = "IPv4"
    """IPv4, IPv6, or FQDN, whose addresses are names."""
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()
