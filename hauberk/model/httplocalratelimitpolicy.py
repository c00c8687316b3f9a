"""HTTPLocalRateLimitPolicy (policy.linkerd.io): how many requests in a second each proxy of a Server takes."""

from hauberk.model.condition import Condition
from hauberk.model.part import Part
from hauberk.model.resource import Resource


class RateLimitTarget(Part, frozen=True, kw_only=True):
    """A Server in the namespace of the policy."""

    group: str = ""
    kind: str
    name: str


class RateLimit(Part, frozen=True, kw_only=True):
    requests_per_second: int
    """As many may come at once after a second's rest."""


class RateLimitClientRef(Part, frozen=True, kw_only=True):
    """A ServiceAccount; without a namespace, in that of the policy."""

    group: str = ""
    kind: str
    name: str
    namespace: str | None = None


class RateLimitOverride(Part, frozen=True, kw_only=True):
    requests_per_second: int
    """Of these clients together, in place of the limit of each identity."""
    client_refs: tuple[RateLimitClientRef, ...]


class HTTPLocalRateLimitPolicySpec(Part, frozen=True, kw_only=True):
    target_ref: RateLimitTarget
    total: RateLimit | None = None
    """Of all clients together."""
    identity: RateLimit | None = None
    """Of each client; those without an identity share one."""
    overrides: tuple[RateLimitOverride, ...] = ()


class HTTPLocalRateLimitPolicyStatus(Part, frozen=True, kw_only=True):
    conditions: tuple[Condition, ...] = ()
    target_ref: RateLimitTarget | None = None


class HTTPLocalRateLimitPolicy(Resource, frozen=True, kw_only=True):
    """Of several for one Server, the oldest holds."""

    api_version: str = "policy.linkerd.io/v1alpha1"
    spec: HTTPLocalRateLimitPolicySpec
    status: HTTPLocalRateLimitPolicyStatus | None = None
