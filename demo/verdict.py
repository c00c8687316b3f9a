"""Whether the demo showed what it promises. Pure: facts in, one finding for each promise out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from demo import scene
from hauberk.demo import cast, finding
from hauberk.demo.finding import Finding
from hauberk.demo.journal import Journal, Request
from hauberk.telemetry.query import Edge

NEW_REPLICA_LIMIT_S = 1.0
SIGKILLED = 137
"""As a shell tells that SIGKILL (9) ended a program: 128 + 9."""


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
        *finding.edges_secured(facts.edges, scene.HOME),
        finding.refused(facts.journal.refusals),
        _kill(facts),
        _exit_code(facts),
        _added(facts),
        finding.grpc(facts.journal.quotes),
        _nothing_left(facts),
    ]


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
    first = min((r.ended_s for r in facts.journal.requests if r.by == cast.ADDED), default=None)
    if first is None:
        return Finding(promise, kept=False, seen="it never got a request")
    # What is ready in the mesh may be used before the demo has heard of it.
    waited_s = max(first - facts.ready_at_s, 0.0)
    return Finding(promise, waited_s <= NEW_REPLICA_LIMIT_S, f"first answer after {waited_s * 1000:.0f} ms")


def _nothing_left(facts: Facts) -> Finding:
    promise = "no process, interface, rule or file is left at the end"
    return Finding(promise, not facts.left_behind, ", ".join(facts.left_behind) or "nothing")


def _describe(request: Request, killed_at_s: float) -> str:
    what = request.reason or f"status {request.status} by {request.by}"
    return f"{request.id}, {request.began_s - killed_at_s:+.3f} s from the kill: {what}"
