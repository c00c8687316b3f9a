"""What schemas say beyond the structures: the rules of the model that OpenAPI and CEL can express.

A schema never refuses what the model accepts. What it accepts beyond that, the admission webhook refuses.
"""

from typing import Any

from hauberk.model.authorizationpolicy import AuthenticationRef, AuthorizationPolicySpec, TargetRef
from hauberk.model.condition import Condition
from hauberk.model.httplocalratelimitpolicy import (
    HTTPLocalRateLimitPolicy,
    HTTPLocalRateLimitPolicySpec,
    RateLimit,
    RateLimitClientRef,
    RateLimitOverride,
    RateLimitTarget,
)
from hauberk.model.httproute import (
    HTTPPathMatch,
    HTTPPathModifier,
    HTTPRequestRedirectFilter,
    HTTPRoute,
    HTTPRouteFilter,
    HTTPRouteMatch,
    HTTPRouteRule,
    HTTPRouteSpec,
)
from hauberk.model.meshtlsauthentication import IdentityRef, MeshTLSAuthenticationSpec
from hauberk.model.networkauthentication import Network, NetworkAuthenticationSpec
from hauberk.model.part import Part
from hauberk.model.resource import Resource
from hauberk.model.route import (
    BackendReference,
    Header,
    HeaderMatch,
    ParentReference,
    RouteParentStatus,
    RouteStatus,
)
from hauberk.model.selector import LabelSelector
from hauberk.model.server import ACCESS_POLICIES, PROXY_PROTOCOLS, ServerSpec

Schema = dict[str, Any]
Field = tuple[type[Part], str]


def _most(entries: int, least: int = 0) -> Schema:
    return {"maxItems": entries} | ({"minItems": least} if least else {})


def _number(least: int, most: int, **more: object) -> Schema:
    return {"minimum": least, "maximum": most, **more}


def _word(*words: str) -> Schema:
    return {"enum": list(words)}


def _cel(rule: str, message: str) -> Schema:
    return {"rule": rule, "message": message}


_PORT = _number(1, 65535, format="int32")
_RATE = _number(1, 2**32 - 1)
_ENTRIES = 1000
_NAME = {"minLength": 1, "maxLength": 253}

FIELDS: dict[Field, Schema] = {
    (ServerSpec, "proxy_protocol"): _word(*PROXY_PROTOCOLS),
    (ServerSpec, "access_policy"): _word(*ACCESS_POLICIES),
    (TargetRef, "kind"): _word("Server", "HTTPRoute", "GRPCRoute", "Namespace"),
    (TargetRef, "name"): _NAME,
    (AuthenticationRef, "kind"): _word("MeshTLSAuthentication", "NetworkAuthentication", "ServiceAccount"),
    (AuthenticationRef, "name"): _NAME,
    (AuthorizationPolicySpec, "required_authentication_refs"): _most(2),
    (MeshTLSAuthenticationSpec, "identities"): _most(_ENTRIES, 1),
    (MeshTLSAuthenticationSpec, "identity_refs"): _most(_ENTRIES, 1),
    (IdentityRef, "kind"): _word("ServiceAccount", "Namespace"),
    (IdentityRef, "name"): _NAME,
    (NetworkAuthenticationSpec, "networks"): _most(_ENTRIES, 1),
    (Network, "excepted"): _most(_ENTRIES),
    (RateLimitTarget, "kind"): _word("Server"),
    (RateLimitTarget, "name"): _NAME,
    (RateLimit, "requests_per_second"): _RATE,
    (RateLimitOverride, "requests_per_second"): _RATE,
    (RateLimitOverride, "client_refs"): _most(_ENTRIES, 1),
    (RateLimitClientRef, "kind"): _word("ServiceAccount"),
    (RateLimitClientRef, "name"): _NAME,
    (HTTPLocalRateLimitPolicySpec, "overrides"): _most(_ENTRIES),
    (HTTPRouteSpec, "parent_refs"): _most(32, 1),
    (HTTPRouteSpec, "hostnames"): _most(16),
    (HTTPRouteSpec, "rules"): _most(16) | {"default": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]},
    (ParentReference, "group"): {"default": "policy.linkerd.io", "maxLength": 253},
    (ParentReference, "kind"): _word("Service", "Server"),
    (ParentReference, "name"): _NAME,
    (ParentReference, "port"): _PORT,
    (HTTPRouteRule, "matches"): _most(64) | {"default": [{"path": {"type": "PathPrefix", "value": "/"}}]},
    (HTTPRouteRule, "filters"): _most(16),
    (HTTPRouteRule, "backend_refs"): _most(16),
    (HTTPRouteMatch, "path"): {"default": {"type": "PathPrefix", "value": "/"}},
    (HTTPRouteMatch, "method"): _word("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
    (HTTPRouteMatch, "headers"): _most(16),
    (HTTPRouteMatch, "query_params"): _most(16),
    (HTTPPathMatch, "type"): _word("Exact", "PathPrefix", "RegularExpression"),
    (HeaderMatch, "type"): _word("Exact", "RegularExpression"),
    (HeaderMatch, "name"): {"minLength": 1, "maxLength": 256},
    (Header, "name"): {"minLength": 1, "maxLength": 256},
    (HTTPRouteFilter, "type"): _word("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect"),
    (HTTPRequestRedirectFilter, "scheme"): _word("http", "https"),
    (HTTPRequestRedirectFilter, "hostname"): _NAME,
    (HTTPRequestRedirectFilter, "port"): _PORT,
    (HTTPRequestRedirectFilter, "status_code"): {"enum": [301, 302, 303, 307, 308], "format": "int32"},
    (HTTPPathModifier, "type"): _word("ReplaceFullPath", "ReplacePrefixMatch"),
    (BackendReference, "kind"): _word("Service"),
    (BackendReference, "name"): _NAME,
    (BackendReference, "port"): _PORT,
    (BackendReference, "weight"): _number(0, 1_000_000, format="int32"),
}

REQUIRED: frozenset[Field] = frozenset(
    {
        (ServerSpec, "pod_selector"),
        (HTTPRouteSpec, "parent_refs"),
        (ParentReference, "kind"),
        (BackendReference, "port"),
    }
)
"""What the structures leave open, because another group's kind may leave it out, and rules then ask for."""

SINCE: dict[Field, tuple[str, ...]] = {
    (ServerSpec, "access_policy"): ("v1beta3", "v1beta2"),
    (HTTPRouteRule, "timeouts"): ("v1beta3",),
}
"""The versions that have a field; all have the others."""

OBJECTS: dict[type[Part], Schema] = {
    LabelSelector: {"x-kubernetes-map-type": "atomic"},
    MeshTLSAuthenticationSpec: {"oneOf": [{"required": ["identities"]}, {"required": ["identityRefs"]}]},
    AuthorizationPolicySpec: {
        "x-kubernetes-validations": [
            _cel(
                "self.requiredAuthenticationRefs.filter(r, r.kind != 'NetworkAuthentication').size() <= 1",
                "more than one MeshTLSAuthentication or ServiceAccount: list the clients in one MeshTLSAuthentication",
            ),
            _cel(
                "self.requiredAuthenticationRefs.filter(r, r.kind == 'NetworkAuthentication').size() <= 1",
                "more than one NetworkAuthentication: list the networks in one",
            ),
        ]
    },
    HTTPLocalRateLimitPolicySpec: {
        "anyOf": [{"required": ["total"]}, {"required": ["identity"]}, {"required": ["overrides"]}],
        "x-kubernetes-validations": [
            _cel(
                "!has(self.total) || !has(self.identity) || "
                "self.identity.requestsPerSecond <= self.total.requestsPerSecond",
                "identity is more than the total: it would have no effect",
            ),
            _cel(
                "!has(self.total) || !has(self.overrides) || "
                "self.overrides.all(o, o.requestsPerSecond <= self.total.requestsPerSecond)",
                "an override is more than the total: it would have no effect",
            ),
        ],
    },
}
"""What holds of fields together."""


class RateLimitStatus(Part, frozen=True, kw_only=True):
    """Whether the policy is in force."""

    conditions: tuple[Condition, ...] = ()
    target_ref: RateLimitTarget | None = None


STATUSES: dict[type[Resource], type[Part]] = {HTTPRoute: RouteStatus, HTTPLocalRateLimitPolicy: RateLimitStatus}
"""The kinds whose status controllers write, as a subresource."""

_BY_TYPE = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
FIELDS[RateLimitStatus, "conditions"] = FIELDS[RouteParentStatus, "conditions"] = _BY_TYPE

PATHS: dict[str, tuple[str, str]] = {
    "Port": (".spec.port", "string"),
    "Protocol": (".spec.proxyProtocol", "string"),
    "Access Policy": (".spec.accessPolicy", "string"),
    "Hostnames": (".spec.hostnames", "string"),
    "Target": (".spec.targetRef.name", "string"),
    "Total RPS": (".spec.total.requestsPerSecond", "integer"),
    "Identity RPS": (".spec.identity.requestsPerSecond", "integer"),
    "Age": (".metadata.creationTimestamp", "date"),
}
"""Where the columns of the model's tables are in an object, and of what type."""
