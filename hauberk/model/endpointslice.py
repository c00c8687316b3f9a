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


class ObjectReference(Part, frozen=True, kw_only=True):
    """The object that an address belongs to."""

    api_version: str | None = None
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(Part, frozen=True, kw_only=True):
    addresses: tuple[str, ...]
    conditions: EndpointConditions = EndpointConditions()
    hostname: str | None = None
    target_ref: ObjectReference | None = None
    node_name: str | None = None
    zone: str | None = None


class EndpointPort(Part, frozen=True, kw_only=True):
    """The same for all endpoints of a slice."""

    name: str | None = None
    protocol: str = "TCP"
    port: int | None = None
    """None: every port."""
    app_protocol: str | None = None


class EndpointSlice(Resource, frozen=True, kw_only=True):
    """Some of the endpoints of the Service that the label `kubernetes.io/service-name` names."""

    api_version: str = "discovery.k8s.io/v1"
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()
