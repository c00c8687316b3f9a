"""One promise of the demo, and whether it was kept; those that both demos make. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hauberk.demo import cast
from hauberk.demo.cast import Home
from hauberk.telemetry.identities import short
from hauberk.telemetry.query import Edge


@dataclass(frozen=True, slots=True)
class Finding:
    promise: str
    kept: bool
    seen: str


def edges_secured(edges: Sequence[Edge], home: Home) -> list[Finding]:
    by_ends = {(edge.source.name, edge.destination.name): edge for edge in edges}
    found: list[Finding] = []
    for client, server in (*cast.ALLOWED, cast.REFUSED):
        promise = f"{client} → {server} is secured by the two expected identities"
        edge = by_ends.pop((client, server), None)
        if edge is None:
            found.append(Finding(promise, kept=False, seen="no traffic seen"))
            continue
        expected = edge.client_ids == {home.identity(client)} and edge.server_ids == {home.identity(server)}
        seen = f"client {_names(edge.client_ids)}, server {_names(edge.server_ids)}"
        if edge.insecure_reasons:
            seen += f", without TLS: {', '.join(sorted(edge.insecure_reasons))}"
        found.append(Finding(promise, kept=edge.secured and expected, seen=seen))
    surprises = [f"{source} → {destination}" for source, destination in sorted(by_ends)]
    found.append(Finding("nobody else talks to anybody", not surprises, ", ".join(surprises) or "no other edge"))
    return found


def refused(outcomes: Mapping[str, int]) -> Finding:
    """`outcomes`: what the intruder got, by HTTP status, while it was to be refused."""
    return Finding("the intruder gets 403 and nothing else", set(outcomes) == {"403"}, _counted(outcomes, "request"))


def grpc(outcomes: Mapping[str, int]) -> Finding:
    """`outcomes`: what the gRPC client got, by status."""
    return Finding("every gRPC call succeeds", set(outcomes) == {"OK"}, _counted(outcomes, "call"))


def _counted(outcomes: Mapping[str, int], what: str) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(outcomes.items())) or f"no {what}"


def _names(identities: Collection[str]) -> str:
    return ", ".join(short(name) for name in sorted(identities)) or "unknown"
