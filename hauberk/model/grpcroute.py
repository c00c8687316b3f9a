"""GRPCRoute, of gateway.networking.k8s.io."""

from collections.abc import Mapping
from typing import ClassVar

from hauberk.model.part import Part
from hauberk.model.resource import Resource
from hauberk.model.route import BackendReference, HeaderFilter, HeaderMatch, ParentReference, RouteStatus


class GRPCMethodMatch(Part, frozen=True, kw_only=True):
    """At least one of service and method is given."""

    type: str = "Exact"
    service: str | None = None
    """With its package, as in `grpc.health.v1.Health`."""
    method: str | None = None


class GRPCRouteMatch(Part, frozen=True, kw_only=True):
    """All conditions hold."""

    method: GRPCMethodMatch | None = None
    headers: tuple[HeaderMatch, ...] = ()


class GRPCRouteFilter(Part, frozen=True, kw_only=True):
    not_honoured: ClassVar[Mapping[str, str]] = dict.fromkeys(("requestMirror", "extensionRef"), "")

    type: str
    request_header_modifier: HeaderFilter | None = None
    response_header_modifier: HeaderFilter | None = None


class GRPCBackendRef(BackendReference, frozen=True, kw_only=True):
    filters: tuple[GRPCRouteFilter, ...] = ()


class GRPCRouteRule(Part, frozen=True, kw_only=True):
    """One of the matches holds; without matches, every call does."""

    not_honoured: ClassVar[Mapping[str, str]] = {"sessionPersistence": ""}

    name: str | None = None
    """For people: nothing refers to it here."""
    matches: tuple[GRPCRouteMatch, ...] = ()
    filters: tuple[GRPCRouteFilter, ...] = ()
    backend_refs: tuple[GRPCBackendRef, ...] = ()


class GRPCRouteSpec(Part, frozen=True, kw_only=True):
    not_honoured: ClassVar[Mapping[str, str]] = {"useDefaultGateways": ""}

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    """Exact, or `*.SUFFIX`; without any, every host."""
    rules: tuple[GRPCRouteRule, ...] = ()


class GRPCRoute(Resource, frozen=True, kw_only=True):
    """What becomes of gRPC calls, by service, method and headers.

    A port of a Service with GRPCRoutes is read as gRPC: HTTPRoutes of that port have no effect.
    """

    api_version: str = "gateway.networking.k8s.io/v1"
    spec: GRPCRouteSpec
    status: RouteStatus | None = None
