"""HTTPRoute, of gateway.networking.k8s.io and of policy.linkerd.io (a copy of the former, with other parents)."""

from collections.abc import Mapping
from typing import ClassVar

from hauberk.model.duration import milliseconds
from hauberk.model.part import Part
from hauberk.model.resource import Resource
from hauberk.model.route import BackendReference, HeaderFilter, HeaderMatch, ParentReference, RouteStatus


class HTTPPathMatch(Part, frozen=True, kw_only=True):
    type: str = "PathPrefix"
    value: str = "/"


class HTTPRouteMatch(Part, frozen=True, kw_only=True):
    """All conditions hold."""

    path: HTTPPathMatch | None = None
    headers: tuple[HeaderMatch, ...] = ()
    query_params: tuple[HeaderMatch, ...] = ()
    method: str | None = None


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
    request_header_modifier: HeaderFilter | None = None
    response_header_modifier: HeaderFilter | None = None
    request_redirect: HTTPRequestRedirectFilter | None = None


class HTTPBackendRef(BackendReference, frozen=True, kw_only=True):
    filters: tuple[HTTPRouteFilter, ...] = ()


class HTTPRouteTimeouts(Part, frozen=True, kw_only=True):
    """Durations of the Gateway API (GEP-2257)."""

    request: str | None = None
    backend_request: str | None = None

    @property
    def limit_ms(self) -> int | None:
        """Milliseconds for a request with all its tries; None where there is no limit, which a zero means (GEP-1742).

        The tries share the limit of a single one: no try lasts longer, and no rule says less than it does.
        """
        given = (text for text in (self.request, self.backend_request) if text is not None)
        return min((limit for limit in map(milliseconds, given) if limit), default=None)


class HTTPRouteRule(Part, frozen=True, kw_only=True):
    """One of the matches holds; without matches, every request does."""

    not_honoured: ClassVar[Mapping[str, str]] = {"retry": "", "sessionPersistence": ""}

    name: str | None = None
    """For people: nothing refers to it here."""
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


class HTTPRoute(Resource, frozen=True, kw_only=True):
    """What becomes of HTTP requests, by path, headers, query and method. The group decides which one it is."""

    api_version: str
    spec: HTTPRouteSpec
    status: RouteStatus | None = None
