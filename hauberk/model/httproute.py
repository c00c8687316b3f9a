"""HTTPRoute, of gateway.networking.k8s.io and of policy.linkerd.io (a copy of the former, with other parents)."""

from collections.abc import Mapping
from typing import ClassVar

from hauberk.model.condition import Condition
from hauberk.model.duration import milliseconds
from hauberk.model.part import Part
from hauberk.model.resource import Resource


class ParentReference(Part, frozen=True, kw_only=True):
    """What the route is attached to: a Service (requests to it) or a Server (requests that reach it)."""

    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    namespace: str | None = None
    name: str
    section_name: str | None = None
    port: int | None = None
    """Of a Service; None: all its ports."""


class HTTPPathMatch(Part, frozen=True, kw_only=True):
    type: str = "PathPrefix"
    value: str = "/"


class HTTPHeaderMatch(Part, frozen=True, kw_only=True):
    """A condition on a header or a query parameter."""

    type: str = "Exact"
    name: str
    value: str


class HTTPRouteMatch(Part, frozen=True, kw_only=True):
    """All conditions hold."""

    path: HTTPPathMatch | None = None
    headers: tuple[HTTPHeaderMatch, ...] = ()
    query_params: tuple[HTTPHeaderMatch, ...] = ()
    method: str | None = None


class HTTPHeader(Part, frozen=True, kw_only=True):
    name: str
    value: str


class HTTPHeaderFilter(Part, frozen=True, kw_only=True):
    set: tuple[HTTPHeader, ...] = ()
    add: tuple[HTTPHeader, ...] = ()
    remove: tuple[str, ...] = ()


class HTTPPathModifier(Part, frozen=True, kw_only=True):
    type: str
    replace_full_path: str | None = None
    replace_prefix_match: str | None = None


class HTTPRequestRedirectFilter(Part, frozen=True, kw_only=True):
    """Parts that are not given stay as in the request."""

    scheme: str | None = None
    hostname: str | None = None
    path: HTTPPathModifier | None = None
    port: int | None = None
    status_code: int | None = None
    """None: 302."""


class HTTPRouteFilter(Part, frozen=True, kw_only=True):
    not_honoured: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("requestMirror", "urlRewrite", "cors", "extensionRef", "externalAuth"), ""
    )

    type: str
    request_header_modifier: HTTPHeaderFilter | None = None
    response_header_modifier: HTTPHeaderFilter | None = None
    request_redirect: HTTPRequestRedirectFilter | None = None


class HTTPBackendRef(Part, frozen=True, kw_only=True):
    """Where matching requests go, in proportion to the weights."""

    group: str = ""
    kind: str = "Service"
    namespace: str | None = None
    name: str
    port: int | None = None
    weight: int = 1
    filters: tuple[HTTPRouteFilter, ...] = ()


class HTTPRouteTimeouts(Part, frozen=True, kw_only=True):
    """Durations of the Gateway API (GEP-2257)."""

    request: str | None = None
    backend_request: str | None = None

    @property
    def request_ms(self) -> int | None:
        """Milliseconds; None where there is no limit, which is also what a zero means (GEP-1742)."""
        return None if self.request is None else milliseconds(self.request) or None


class HTTPRouteRule(Part, frozen=True, kw_only=True):
    """One of the matches holds; without matches, every request does."""

    not_honoured: ClassVar[Mapping[str, str]] = {"name": "", "retry": "", "sessionPersistence": ""}

    matches: tuple[HTTPRouteMatch, ...] = ()
    filters: tuple[HTTPRouteFilter, ...] = ()
    backend_refs: tuple[HTTPBackendRef, ...] = ()
    timeouts: HTTPRouteTimeouts | None = None


class HTTPRouteSpec(Part, frozen=True, kw_only=True):
    not_honoured: ClassVar[Mapping[str, str]] = {"useDefaultGateways": ""}

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    """Exact, or `*.SUFFIX`; without any, every host."""
    rules: tuple[HTTPRouteRule, ...] = ()


class RouteParentStatus(Part, frozen=True, kw_only=True):
    parent_ref: ParentReference
    controller_name: str
    conditions: tuple[Condition, ...] = ()


class HTTPRouteStatus(Part, frozen=True, kw_only=True):
    parents: tuple[RouteParentStatus, ...] = ()


class HTTPRoute(Resource, frozen=True, kw_only=True):
    """What becomes of HTTP requests, by path, headers, query and method. The group decides which one it is."""

    api_version: str
    spec: HTTPRouteSpec
    status: HTTPRouteStatus | None = None
