"""The rules of HTTPLocalRateLimitPolicies, as Linkerd's CRD and webhook have them. Pure."""

from hauberk.model import names
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy, RateLimitOverride
from hauberk.model.policy_rules import CORE, POLICY, bounded, group
from hauberk.model.problem import Problem, Problems

_MOST = 2**32 - 1
"""Requests in a second that the contract can say."""


def http_local_rate_limit_policy(policy: HTTPLocalRateLimitPolicy) -> Problems:
    spec = policy.spec
    yield from _target(policy)
    if spec.total is None and spec.identity is None and not spec.overrides:
        yield Problem("spec", "limits nothing", "set total, identity or overrides")
    limits = [("spec.total", spec.total), ("spec.identity", spec.identity)]
    for field, limit in limits:
        if limit is not None:
            yield from _rate(field, limit.requests_per_second)
    total = spec.total.requests_per_second if spec.total is not None else _MOST
    if spec.identity is not None and spec.identity.requests_per_second > total:
        yield Problem("spec.identity.requestsPerSecond", f"is more than the total, {total}: it would have no effect")
    yield from bounded("spec.overrides", spec.overrides)
    for index, override in enumerate(spec.overrides):
        yield from _override(f"spec.overrides[{index}]", override, total)


def _target(policy: HTTPLocalRateLimitPolicy) -> Problems:
    target = policy.spec.target_ref
    yield from names.one_of("spec.targetRef.kind", target.kind, ("Server",))
    yield from group("spec.targetRef", target.group, POLICY)
    yield from names.subdomain("spec.targetRef.name", target.name)


def _override(field: str, override: RateLimitOverride, total: int) -> Problems:
    yield from _rate(field, override.requests_per_second)
    if override.requests_per_second > total:
        yield Problem(f"{field}.requestsPerSecond", f"is more than the total, {total}: it would have no effect")
    if not override.client_refs:
        yield Problem(f"{field}.clientRefs", "names no client")
    yield from bounded(f"{field}.clientRefs", override.client_refs)
    for index, reference in enumerate(override.client_refs):
        place = f"{field}.clientRefs[{index}]"
        yield from names.one_of(f"{place}.kind", reference.kind, ("ServiceAccount",))
        yield from group(place, reference.group, CORE)
        yield from names.subdomain(f"{place}.name", reference.name)
        if reference.namespace is not None:
            yield from names.label(f"{place}.namespace", reference.namespace)


def _rate(field: str, requests_per_second: int) -> Problems:
    if not 1 <= requests_per_second <= _MOST:
        yield Problem(f"{field}.requestsPerSecond", f"{requests_per_second} is not within 1 to {_MOST}")
