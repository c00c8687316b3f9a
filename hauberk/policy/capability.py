"""What a proxy may be told, by what it has declared to understand. Pure.

The common contract lets a receiver skip what it does not know. So whatever would open something if it were skipped is
sent only to a proxy that declared to know it; another one gets a refusal in its place: no authorization, or an answer
that says why. Never open by ignorance.
"""

from collections.abc import Iterable
from dataclasses import replace

from hauberk.catalog.refusal import Refusal
from hauberk.policy.inbound_policy import Authorization, InboundRoute, InboundRule, ServerPolicy
from hauberk.policy.outbound_policy import OutboundPolicy, OutboundRule
from hauberk.policy.routing import Fail

NEEDED: frozenset[str] = frozenset()
"""The words that any rule of this version can need. Those that a proxy declares beside them make no difference, so they
must not make another question of it: proxies could ask for any number of views."""

REFUSAL_STATUS = 500


def relevant(declared: frozenset[str]) -> frozenset[str]:
    """What of a proxy's words can change an answer."""
    return declared & NEEDED


def inbound_within(policy: ServerPolicy | Refusal, declared: frozenset[str]) -> ServerPolicy | Refusal:
    """The policy of a port for a proxy that understands `declared`.

    It is never more open than the one for a proxy that understands everything.
    """
    if isinstance(policy, Refusal) or not _all_needs(policy) - declared:
        return policy
    if policy.needs - declared:
        shut = tuple(replace(route, authorizations=()) for route in policy.routes)
        return replace(policy, authorizations=(), routes=shut)
    return replace(
        policy,
        authorizations=_known(policy.authorizations, declared),
        routes=tuple(_route(route, declared) for route in policy.routes),
    )


def outbound_within(policy: OutboundPolicy | Refusal, declared: frozenset[str]) -> OutboundPolicy | Refusal:
    """The same for a destination."""
    if isinstance(policy, Refusal):
        return policy
    if all(rule.needs <= declared for route in policy.routes for rule in route.rules):
        return policy
    routes = (
        replace(route, rules=tuple(_outbound_rule(rule, declared) for rule in route.rules)) for route in policy.routes
    )
    return replace(policy, routes=tuple(routes))


def _all_needs(policy: ServerPolicy) -> frozenset[str]:
    of_routes = (authorization.needs for route in policy.routes for authorization in route.authorizations)
    of_rules = (rule.needs for route in policy.routes for rule in route.rules)
    return policy.needs.union(*(a.needs for a in policy.authorizations), *of_routes, *of_rules)


def _known(authorizations: Iterable[Authorization], declared: frozenset[str]) -> tuple[Authorization, ...]:
    return tuple(authorization for authorization in authorizations if authorization.needs <= declared)


def _route(route: InboundRoute, declared: frozenset[str]) -> InboundRoute:
    # A rule that left would leave its requests to the next one that matches; so it stays, and answers. That it has no
    # authorization of its own would not be enough: those of the whole port hold for it too.
    rules = tuple(
        rule if rule.needs <= declared else InboundRule(rule.matches, (_refusal(rule.needs - declared),))
        for rule in route.rules
    )
    return replace(route, rules=rules, authorizations=_known(route.authorizations, declared))


def _outbound_rule(rule: OutboundRule, declared: frozenset[str]) -> OutboundRule:
    return rule if rule.needs <= declared else replace(rule, filters=(_refusal(rule.needs - declared),))


def _refusal(missing: frozenset[str]) -> Fail:
    words = ", ".join(sorted(missing))
    return Fail(REFUSAL_STATUS, f"this rule needs a proxy that understands {words}; this one does not: update it")
