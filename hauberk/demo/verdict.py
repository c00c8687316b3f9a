"""Whether the demo on a cluster showed what it promises. Pure: facts in, one finding for each promise out."""

from collections.abc import Sequence
from dataclasses import dataclass

from hauberk.demo import cast, finding
from hauberk.demo.cast import Home
from hauberk.demo.finding import Finding
from hauberk.demo.journal import Journal
from hauberk.demo.story import Events
from hauberk.telemetry.query import Edge


@dataclass(frozen=True, slots=True)
class Facts:
    edges: Sequence[Edge]
    journal: Journal
    events: Events


def findings(facts: Facts, home: Home) -> list[Finding]:
    journal, events = facts.journal, facts.events
    refused = {} if events.refused is None else dict(journal.refusals - events.refused)
    return [
        *finding.edges_secured(facts.edges, home),
        _routed(facts),
        finding.refused(refused),
        _lost(facts),
        _added(facts),
        finding.grpc(journal.quotes),
    ]


def nothing_left(reason: str, home: Home) -> Finding:
    """`reason`: why the namespace may still be there; empty if it is gone."""
    seen = f"the namespace {home.namespace}: {reason}" if reason else "nothing"
    return Finding("nothing is left at the end", not reason, seen)


def _routed(facts: Facts) -> Finding:
    promise = f"by the route nobody gets to {cast.BROKEN}"
    if facts.events.routed is None:
        return Finding(promise, kept=False, seen="there was no route")
    after = facts.journal.since(facts.events.routed)
    still = sum(request.by == cast.BROKEN for request in after)
    seen = f"{facts.events.broken} failures before, {still} answers of it among {len(after)} after"
    return Finding(promise, kept=bool(facts.events.broken and after) and not still, seen=seen)


def _lost(facts: Facts) -> Finding:
    promise = "no request is lost, whoever comes and goes"
    if facts.events.left is None:
        return Finding(promise, kept=False, seen="nobody left")
    requests, after = list(facts.journal.requests), facts.journal.since(facts.events.left)
    lost = [request for request in requests if request.lost]
    seen = f"{len(requests)} requests, {len(after)} of them since {cast.KILLED} was sent away, {len(lost)} lost"
    if lost:
        first = lost[0]
        seen += f"; first: {first.id}: {first.reason or f'status {first.status} by {first.by}'}"
    return Finding(promise, kept=bool(after) and not lost, seen=seen)


def _added(facts: Facts) -> Finding:
    count = sum(request.by == cast.ADDED for request in facts.journal.requests)
    return Finding("the new replica gets traffic", count > 0, f"{count} answers of {cast.ADDED}")
