"""Whether what a proxy forwarded is what the bytes mean, to whoever reads them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformkit.corpus import Case
from conformkit.exchange import SENTINEL, Answers
from conformkit.reading import Request, read
from conformkit.recorder import Seen

_SHOWN = 2_000


@dataclass(frozen=True)
class Outcome:
    seen: Seen
    answers: Answers


def faults(case: Case, ours: Outcome, nginx: Outcome) -> list[str]:
    """What is wrong, in words; empty if nothing is."""
    return [*_forwarding(ours), *_meaning(case.raw, ours, nginx), *_verdict(case, ours)]


def went_through(case: Case, ours: Outcome) -> bool:
    """Whether the bytes reached the program as they are: the proxy took them for no HTTP at all."""
    return any(stream and (case.raw + SENTINEL).startswith(stream) for stream in ours.seen.streams)


def _forwarding(ours: Outcome) -> Iterator[str]:
    for nonsense in ours.seen.nonsense:
        yield f"the program was sent what a strict reader refuses: {nonsense}: {ours.seen.streams}"
    if ours.answers.hangs:
        yield "the connection stays open"
    answered = [number for _, number in ours.answers.final if number is not None]
    if answered != list(range(len(ours.seen.requests))):
        yield f"{len(ours.seen.requests)} requests were forwarded, and the client was given the answers {answered}"


def _meaning(raw: bytes, ours: Outcome, nginx: Outcome) -> Iterator[str]:
    """Each forwarded request is in its place for at least one other reader, and no reader has another one there."""
    h11 = read(raw + SENTINEL)
    places = [place for place, (_, number) in enumerate(ours.answers.final) if number is not None]
    for place, request in zip(places, ours.seen.requests, strict=False):
        there = {"nginx": _at(nginx, place), "h11": h11[place] if place < len(h11) else None}
        found = {name: other for name, other in there.items() if other is not None}
        if not found:
            yield f"request {place} exists for no other reader: {request}"
        for name, other in found.items():
            if not _same(request, other):
                yield f"request {place} is another one for {name}:\n    forwarded {request}\n    {name:9} {other}"


def _at(outcome: Outcome, place: int) -> Request | None:
    """What was answered in this place; None if it was refused."""
    number = outcome.answers.final[place][1] if place < len(outcome.answers.final) else None
    return outcome.seen.requests[number] if number is not None and number < len(outcome.seen.requests) else None


def _same(forwarded: Request, other: Request) -> bool:
    """Where no host was named, the proxy may name one."""
    return forwarded == (other if other.host else replace(other, host=forwarded.host))


def _verdict(case: Case, ours: Outcome) -> Iterator[str]:
    requests = ours.seen.requests
    if case.passes is not None and case.refused is not None:
        went_on = case.may_go_on and bool(requests) and requests[-1].path == "/sentinel" and bool(_refusals(ours))
        wanted = case.passes + (not case.refused or went_on)
        if len(requests) != wanted:
            yield f"{len(requests)} requests passed, {wanted} should: {[str(request)[:200] for request in requests]}"
    if case.refused and any(status < 400 for status in _refusals(ours)):
        yield f"the refusal was {ours.answers.final}"


def _refusals(ours: Outcome) -> list[int]:
    """The answers that the proxy gave itself."""
    return [status for status, number in ours.answers.final if number is None]


def shown(case: Case, ours: Outcome, nginx: Outcome, found: list[str]) -> str:
    """All that is needed to understand a failure."""
    lines = [f"--- {case.name}", f"  sent     {_cut(case.raw)}"]
    for name, outcome in (("hauberk", ours), ("nginx", nginx)):
        lines.append(f"  {name:8} answered {[status for status, _ in outcome.answers.final]}")
        lines += (f"    {number}: {_brief(request)}" for number, request in enumerate(outcome.seen.requests))
    return "\n".join([*lines, *(f"  ! {fault}" for fault in found)])


def _brief(request: Request) -> str:
    text = str(request)
    return text if len(text) < 300 else text[:300] + "…"


def _cut(raw: bytes) -> str:
    return repr(raw) if len(raw) < _SHOWN else f"{raw[:_SHOWN]!r}… ({len(raw)} bytes)"
