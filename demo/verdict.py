"""Whether the demo showed what it promises. Pure: facts in, one finding for each promise out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from demo import scene
from demo.journal import Journal, Request
from hauberk.telemetry.query import Edge

NEW_REPLICA_LIMIT_S = 1.0
SIGKILLED = 137
"""As a shell tells that SIGKILL (9) ended a program: 128 + 9."""


@dataclass(frozen=True, slots=True)
class Finding:
    promise: str
    kept: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Facts:
    edges: Sequence[Edge]
    journal: Journal
    killed_at_s: float | None
    died_with_it: Collection[str]
    """The requests that the killed replica had begun and not answered."""
    ready_at_s: float | None
    """When the mesh first said that the added replica is ready."""
    killed_exit_code: int | None = None
    """What `hauberk run` of the killed replica ended with."""
    left_behind: Sequence[str] = ()
    """What was still there when everybody had been ended."""


def findings(facts: Facts) -> list[Finding]:
    return [
        *_edges_secured(facts.edges),
        _refused(facts),
        _kill(facts),
        _exit_code(facts),
        _added(facts),
        _grpc(facts),
        _nothing_left(facts),
    ]


def _edges_secured(edges: Sequence[Edge]) -> list[Finding]:
    by_ends = {(edge.source.name, edge.destination.name): edge for edge in edges}
    found: list[Finding] = []
    for client, server in (*scene.ALLOWED, scene.REFUSED):
        promise = f"{client} → {server} is secured by the two expected identities"
        edge = by_ends.pop((client, server), None)
        if edge is None:
            found.append(Finding(promise, kept=False, seen="no traffic seen"))
            continue
        expected = edge.client_ids == {scene.identity(client)} and edge.server_ids == {scene.identity(server)}
        seen = f"client {_names(edge.client_ids)}, server {_names(edge.server_ids)}"
        if edge.insecure_reasons:
            seen += f", without TLS: {', '.join(sorted(edge.insecure_reasons))}"
        found.append(Finding(promise, kept=edge.secured and expected, seen=seen))
    surprises = [f"{source} → {destination}" for source, destination in sorted(by_ends)]
    found.append(Finding("nobody else talks to anybody", not surprises, ", ".join(surprises) or "no other edge"))
    return found


def _refused(facts: Facts) -> Finding:
    outcomes = facts.journal.refusals
    seen = ", ".join(f"{count} x {status}" for status, count in sorted(outcomes.items())) or "no request"
    return Finding("the intruder gets 403 and nothing else", set(outcomes) == {"403"}, seen)


def _kill(facts: Facts) -> Finding:
    promise = "no request is lost, a replica's SIGKILL included"
    if facts.killed_at_s is None:
        return Finding(promise, kept=False, seen="no replica was killed")
    requests = facts.journal.requests
    lost = [r for r in requests if r.lost]
    purpose = sum(r.on_purpose for r in requests)
    after = sum(r.began_s > facts.killed_at_s for r in requests)
    seen = f"{len(requests)} requests, {after} of them after the kill, {len(lost)} lost"
    if died := sum(r.id in facts.died_with_it for r in lost):
        seen += f" ({died} of them while the killed program was answering)"
    elif rescued := sum(r.id in facts.died_with_it and not r.lost for r in requests):
        seen += (
            f"; {rescued} that the killed program was answering {'was' if rescued == 1 else 'were'} answered by others"
        )
    if purpose:
        seen += f"; {purpose} failed by a replica on purpose"
    if lost:
        seen += "; first: " + _describe(lost[0], facts.killed_at_s)
    return Finding(promise, kept=not lost and after > 0, seen=seen)


def _exit_code(facts: Facts) -> Finding:
    code = facts.killed_exit_code
    seen = "its runner has not ended" if code is None else f"exit code {code}"
    return Finding(f"the killed program's end is reported as {SIGKILLED}", code == SIGKILLED, seen)


def _added(facts: Facts) -> Finding:
    promise = f"the new replica gets traffic within {NEW_REPLICA_LIMIT_S:g} s of being ready"
    if facts.ready_at_s is None:
        return Finding(promise, kept=False, seen="it never became ready")
    first = min((r.ended_s for r in facts.journal.requests if r.by == scene.ADDED), default=None)
    if first is None:
        return Finding(promise, kept=False, seen="it never got a request")
    # What is ready in the mesh may be used before the demo has heard of it.
    waited_s = max(first - facts.ready_at_s, 0.0)
    return Finding(promise, waited_s <= NEW_REPLICA_LIMIT_S, f"first answer after {waited_s * 1000:.0f} ms")


def _grpc(facts: Facts) -> Finding:
    outcomes = facts.journal.quotes
    seen = ", ".join(f"{count} x {status}" for status, count in sorted(outcomes.items())) or "no call"
    return Finding("every gRPC call succeeds", set(outcomes) == {"OK"}, seen)


def _nothing_left(facts: Facts) -> Finding:
    promise = "no process, interface, rule or file is left at the end"
    return Finding(promise, not facts.left_behind, ", ".join(facts.left_behind) or "nothing")


def _names(identities: Collection[str]) -> str:
    return ", ".join(name.removesuffix(scene.IDENTITY_SUFFIX) for name in sorted(identities)) or "unknown"


def _describe(request: Request, killed_at_s: float) -> str:
    what = request.reason or f"status {request.status} by {request.by}"
    return f"{request.id}, {request.began_s - killed_at_s:+.3f} s from the kill: {what}"
