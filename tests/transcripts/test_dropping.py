"""A proxy that knows the common contract only: it drops what is ours. Nothing becomes more open by that."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import strict
import world as worlds
from hypothesis import given
from hypothesis import strategies as st
from reference import Address, admitted, applied, ours, without_ours
from test_transcripts import SCRIPTS, _replayed
from world import World

from hauberk._api.linkerd import destination_pb2, inbound_pb2, outbound_pb2
from hauberk.catalog.refusal import Refusal
from hauberk.destination import resolve
from hauberk.destination import wire as destination_wire
from hauberk.destination.choose import Place, seen_from
from hauberk.policy import capability, decide, wire
from hauberk.policy.inbound_policy import ServerPolicy
from hauberk.policy.outbound import outbound as outbound_policy
from hauberk.policy.outbound_policy import OutboundPolicy

if TYPE_CHECKING:
    from google.protobuf.message import Message

SAFE_TO_IGNORE = {
    "io.linkerd.proxy.destination.Update.version",
    "io.linkerd.proxy.destination.Update.replaces",  # the first message of a stream says all there is to everybody
    "io.linkerd.proxy.destination.DestinationProfile.version",
    "io.linkerd.proxy.inbound.Server.version",
    "io.linkerd.proxy.outbound.OutboundPolicy.version",
}
WORD = "a-word-of-tomorrow"
KNOWS, KNOWS_NOT = frozenset({WORD}), frozenset[str]()


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_what_remains_of_every_message_means_the_same(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Message] = []
    show = worlds.shown
    monkeypatch.setattr(worlds, "shown", lambda message: said.append(message) or show(message))
    world = World()
    for block in script.read_text().strip().split("\n\n"):
        _replayed(world, block)
    assert said
    for message in said:
        assert set(ours(message)) <= SAFE_TO_IGNORE, "only what may be ignored is sent to everybody"
        kept = without_ours(message)
        assert not set(ours(type(kept).FromString(kept.SerializeToString())))
        strict.check(kept)
        if isinstance(message, inbound_pb2.Server):
            assert isinstance(kept, inbound_pb2.Server)
            assert admitted(kept) == admitted(message)


def test_updates_add_up_to_the_same_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the mark that a message replaces what was held, and without versions."""
    world, held = World(), dict[tuple[str, Place], dict[Address, str]]()
    changes = destination_wire.changes

    def followed(old: object, new: object) -> list[bytes]:
        bodies = changes(old, new)  # type: ignore[arg-type]
        path = next(path for path, (_, known) in world._watched.items() if known is new)
        for body in bodies:
            held[path] = applied(held[path], without_ours(destination_pb2.Update.FromString(body)))
        return bodies

    monkeypatch.setattr(destination_wire, "changes", followed)
    compared = 0
    for script in SCRIPTS:
        world, held = World(), {}
        for block in script.read_text().strip().split("\n\n"):
            _replayed(world, block)
            for path, (question, _) in world._watched.items():
                answer = resolve.resolve(world.mesh, world.snapshot, question)
                assert not isinstance(answer, Refusal)
                whole: dict[Address, str] = {}
                for body in destination_wire.whole(seen_from(answer, path[1])):
                    whole = applied(whole, without_ours(destination_pb2.Update.FromString(body)))
                assert held.setdefault(path, whole) == whole, f"{script.stem}: {path}"
                compared += 1
    assert compared > 5


def inbound_answers() -> list[ServerPolicy]:
    """All that the transcripts ask for."""
    return [answer for answer in _answers("inbound") if isinstance(answer, ServerPolicy)]


def outbound_answers() -> list[OutboundPolicy]:
    return [answer for answer in _answers("outbound") if isinstance(answer, OutboundPolicy)]


def _answers(verb: str) -> list[object]:
    found: list[object] = []
    module, name = (decide, "decide") if verb == "inbound" else (worlds.outbound, "outbound")
    original = decide.decide if verb == "inbound" else outbound_policy

    def kept(*arguments: object) -> object:
        found.append(original(*arguments))  # type: ignore[arg-type]
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, kept)
        for script in SCRIPTS:
            world = World()
            for block in script.read_text().strip().split("\n\n"):
                _replayed(world, block)
    return found


INBOUND, OUTBOUND = inbound_answers(), outbound_answers()


@st.composite
def needy(draw: st.DrawFn) -> ServerPolicy:
    """A policy of the transcripts of which some parts need what is not in the contract."""
    policy = draw(st.sampled_from([policy for policy in INBOUND if policy.authorizations or policy.routes]))
    needs = st.sampled_from([KNOWS, KNOWS_NOT])
    return replace(
        policy,
        needs=draw(st.sampled_from([KNOWS_NOT, KNOWS_NOT, KNOWS_NOT, KNOWS])),
        authorizations=tuple(replace(a, needs=draw(needs)) for a in policy.authorizations),
        routes=tuple(
            replace(
                route,
                authorizations=tuple(replace(a, needs=draw(needs)) for a in route.authorizations),
                rules=tuple(replace(rule, needs=draw(needs)) for rule in route.rules),
            )
            for route in policy.routes
        ),
    )


def told(policy: ServerPolicy, declared: frozenset[str]) -> inbound_pb2.Server:
    answer = capability.inbound_within(policy, declared)
    assert isinstance(answer, ServerPolicy)
    message = inbound_pb2.Server.FromString(wire.server(answer))
    strict.check(message)
    return message


def without_needy(policy: ServerPolicy) -> ServerPolicy:
    """As if nobody had written the authorizations that need more."""
    return replace(
        policy,
        authorizations=tuple(a for a in policy.authorizations if not a.needs),
        routes=tuple(
            replace(route, authorizations=tuple(a for a in route.authorizations if not a.needs))
            for route in policy.routes
        ),
    )


@given(needy())
def test_who_declares_nothing_is_told_nothing_more_open(policy: ServerPolicy) -> None:
    everything = admitted(told(policy, KNOWS))
    less = admitted(told(policy, KNOWS_NOT))
    assert less <= everything
    assert less <= admitted(told(without_needy(policy), KNOWS))
    if policy.needs:
        assert not less
    for number, route in enumerate(policy.routes):
        for place, rule in enumerate(route.rules):
            assert not rule.needs or not any(key[:2] == (number, place) for key in less), "a refusal, not another rule"


@given(st.sampled_from(INBOUND))
def test_what_needs_nothing_is_told_everybody_alike(policy: ServerPolicy) -> None:
    assert capability.inbound_within(policy, KNOWS_NOT) is policy
    assert told(policy, KNOWS) == told(policy, KNOWS_NOT)


@given(st.sampled_from([policy for policy in OUTBOUND if policy.routes]), st.data())
def test_a_route_that_needs_more_answers_by_itself(policy: OutboundPolicy, data: st.DataObject) -> None:
    needs = data.draw(st.lists(st.booleans(), min_size=64, max_size=64))
    places = iter(needs * 10)
    routes = tuple(
        replace(r, rules=tuple(replace(rule, needs=KNOWS if next(places) else KNOWS_NOT) for rule in r.rules))
        for r in policy.routes
    )
    needing = replace(policy, routes=routes)
    assert capability.outbound_within(needing, KNOWS) is needing
    answer = capability.outbound_within(needing, KNOWS_NOT)
    assert isinstance(answer, OutboundPolicy)
    message = outbound_pb2.OutboundPolicy.FromString(wire.outbound(answer))
    strict.check(message)
    for route, before in zip(answer.routes, routes, strict=True):
        for rule, was in zip(route.rules, before.rules, strict=True):
            assert rule.matches == was.matches
            refused = [f for f in rule.filters if getattr(f, "status", None) == capability.REFUSAL_STATUS]
            assert bool(refused) >= bool(was.needs)


def test_words_that_change_nothing_do_not_make_another_question() -> None:
    assert capability.relevant(frozenset({"views", "anything"})) == capability.NEEDED & {"views", "anything"}
