"""What is kept of an object that restricts and cannot be read: whom it is about, and that it is closed. Pure.

A cluster may have such an object from before its definition was stricter, or by the definition of another mesh. Without
it more would be allowed than somebody wrote, so what it may mean is closed until it can be read: a Server its ports
(all of them where the port is what cannot be read, on all pods where the selector is), a route what its parents send.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from hauberk.client.nulls import without_nulls
from hauberk.model.grpcroute import GRPCRoute, GRPCRouteSpec
from hauberk.model.httproute import HTTPRoute, HTTPRouteSpec
from hauberk.model.kinds import Kind
from hauberk.model.metadata import UNREADABLE, ObjectMeta
from hauberk.model.resource import Resource
from hauberk.model.route import ParentReference, RouteParentStatus, RouteStatus
from hauberk.model.selector import LabelSelector
from hauberk.model.server import EVERY_PORT, Server, ServerSpec

R = TypeVar("R", bound=Resource)

_PARENTS = tuple[ParentReference, ...]

CLOSES = (Server, HTTPRoute, GRPCRoute)
"""Of whatever one of these may mean, the opposite would be open."""


class _Fields(msgspec.Struct):
    metadata: ObjectMeta
    spec: Any = None
    status: Any = None


def salvaged(raw: bytes | msgspec.Raw, kind: Kind) -> Resource | None:
    """The closed object; None for kinds that restrict nothing, and where nobody can tell whom it is about."""
    if kind.struct not in CLOSES:
        return None
    try:
        fields = msgspec.convert(without_nulls(msgspec.json.decode(raw)), _Fields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    meta, spec = fields.metadata, fields.spec
    if kind.struct is Server:
        return closed(Server(api_version=kind.api_version, metadata=meta, spec=_server(spec)))
    try:
        parents = msgspec.convert(spec.get("parentRefs") if isinstance(spec, Mapping) else (), _PARENTS)
    except msgspec.ValidationError:
        return None
    said = _said(fields.status)
    if kind.struct is HTTPRoute:
        http = HTTPRouteSpec(parent_refs=parents)
        return closed(HTTPRoute(api_version=kind.api_version, metadata=meta, spec=http, status=said))
    grpc = GRPCRouteSpec(parent_refs=parents)
    return closed(GRPCRoute(api_version=kind.api_version, metadata=meta, spec=grpc, status=said))


def closed(resource: R) -> R:
    """The same, closed. It is nobody else's, and is changed."""
    resource.metadata.annotations[UNREADABLE] = "true"
    return resource


def _said(status: object) -> RouteStatus:
    """As much of the status as can be read: whoever writes it must see what it has written already."""
    parents = status.get("parents") if isinstance(status, Mapping) else None
    return RouteStatus(parents=tuple(_readable(parents if isinstance(parents, list) else ())))


def _readable(parents: Iterable[object]) -> Iterator[RouteParentStatus]:
    for parent in parents:
        with suppress(msgspec.ValidationError):
            yield msgspec.convert(parent, RouteParentStatus)


def _server(spec: object) -> ServerSpec:
    if not isinstance(spec, Mapping):
        return ServerSpec(pod_selector=LabelSelector(), port=EVERY_PORT)
    return ServerSpec(pod_selector=_selector(spec), port=_port(spec.get("port")))


def _selector(spec: Mapping[str, Any]) -> LabelSelector | None:
    """None where there is none: then it is about no pod, as where everything else can be read."""
    given = spec.get("podSelector")
    try:
        return None if given is None else msgspec.convert(given, LabelSelector)
    except msgspec.ValidationError:
        return LabelSelector()


def _port(given: object) -> int | str:
    try:
        return msgspec.convert(given, int | str)
    except msgspec.ValidationError:
        return EVERY_PORT
