"""A rate limit → whether it is in force. Pure."""

from datetime import datetime

from hauberk.catalog.selecting import limits_make_sense, limits_of
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy, HTTPLocalRateLimitPolicyStatus
from hauberk.model.rate_rules import http_local_rate_limit_policy
from hauberk.status.condition import ACCEPTED, Verdict, conditions


def rate_limit_status(
    snapshot: Snapshot, policy: HTTPLocalRateLimitPolicy, now: datetime
) -> HTTPLocalRateLimitPolicyStatus:
    """The status of the policy."""
    before = policy.status or HTTPLocalRateLimitPolicyStatus()
    verdict = _accepted(snapshot, policy)
    new = conditions([verdict], before.conditions, generation=policy.metadata.generation, now=now)
    if policy.status is not None and before.target_ref == policy.spec.target_ref and new == before.conditions:
        return before
    return HTTPLocalRateLimitPolicyStatus(conditions=new, target_ref=policy.spec.target_ref)


def _accepted(snapshot: Snapshot, policy: HTTPLocalRateLimitPolicy) -> Verdict:
    namespace, name = policy.metadata.namespace, policy.spec.target_ref.name
    if not limits_make_sense(policy):
        problems = "; ".join(map(str, http_local_rate_limit_policy(policy)))
        return Verdict(ACCEPTED, False, "Invalid", problems)
    if not any(server.metadata.name == name for server in snapshot.servers(namespace)):
        return Verdict(ACCEPTED, False, "NoMatchingTarget")
    holding = limits_of(snapshot, namespace, name)
    if holding is not None and holding.metadata.name != policy.metadata.name:
        message = f"of several for Server {name} the oldest holds: {holding.metadata.name}"
        return Verdict(ACCEPTED, False, "RateLimitReasonAlreadyExists", message)
    return Verdict(ACCEPTED, True, "Accepted")
