"""What routes of all kinds have in common: parents, headers, backends, statuses (Gateway API, `CommonRouteSpec`)."""

from hauberk.model.condition import Condition
from hauberk.model.part import Part


class ParentReference(Part, frozen=True, kw_only=True):
    """What the route is attached to: a Service (requests to it) or a Server (requests that reach it)."""

    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    namespace: str | None = None
    name: str
    section_name: str | None = None
    """Of a Service: the name of a port; None: any."""
    port: int | None = None
    """Of a Service; None: all its ports."""


class HeaderMatch(Part, frozen=True, kw_only=True):
    """A condition on a header or a query parameter."""

    type: str = "Exact"
    name: str
    value: str


class Header(Part, frozen=True, kw_only=True):
    name: str
    value: str


class HeaderFilter(Part, frozen=True, kw_only=True):
    set: tuple[Header, ...] = ()
    add: tuple[Header, ...] = ()
    remove: tuple[str, ...] = ()


class BackendReference(Part, frozen=True, kw_only=True):
    """Where matching requests go, in proportion to the weights."""

    group: str = ""
    kind: str = "Service"
    namespace: str | None = None
    name: str
    port: int | None = None
    weight: int = 1


class RouteParentStatus(Part, frozen=True, kw_only=True):
    """What one controller says of one parent."""

    parent_ref: ParentReference
    controller_name: str
    conditions: tuple[Condition, ...] = ()


class RouteStatus(Part, frozen=True, kw_only=True):
    parents: tuple[RouteParentStatus, ...] = ()
