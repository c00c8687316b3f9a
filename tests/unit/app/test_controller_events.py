"""Events: bounded, and what is the same is said once."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hauberk.app.controllers.events import BURST, EACH_S, NOTE_MAX, REPEAT_S, Events, Note, Regarding
from hauberk.client.errors import Forbidden
from hauberk.client.kinds import ApiKind
from hauberk.injector.cluster import Event
from hauberk.injector.subject import Owner
from hauberk.runtime.clock import ManualClock

ACCOUNT = Regarding(api_version="v1", kind="ServiceAccount", namespace="shop", name="web", uid="u-1")


class Server:
    """Takes events; refuses them at times."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.refuses = False

    async def create(self, kind: ApiKind, manifest: Mapping[str, Any], /) -> object:
        assert kind.plural == "events"
        if self.refuses:
            raise Forbidden("no events here", code=403)
        self.made.append(dict(manifest))
        return None


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


async def sent(events: Events, server: Server) -> list[dict[str, Any]]:
    """What came of all that was said."""
    task = asyncio.get_running_loop().create_task(events.run())
    for _ in range(3 * BURST):
        await asyncio.sleep(0)
    task.cancel()
    made, server.made = server.made, []
    return made


def note(text: str = "done", *, name: str = "web", warning: bool = False, topic: str | None = None) -> Note:
    at = Regarding(api_version="v1", kind="ServiceAccount", namespace="shop", name=name, uid=f"uid-of-{name}")
    return Note(regarding=at, reason="Done", text=text, warning=warning, action="Do", topic=topic)


def make(server: Server, clock: ManualClock) -> Events:
    return Events(server, reporter="linkerd.io/identity", instance="pod-1", clock=clock)


async def test_an_event_is_what_kubectl_describe_looks_for(clock: ManualClock) -> None:
    server = Server()
    events = make(server, clock)
    owner = Owner(api_version="apps/v1", kind="Deployment", name="web", uid="u-2")
    events.record(Event("shop", owner, "Injected", "a proxy", warning=False))
    events.say(Note(regarding=ACCOUNT, reason="Refused", text="no", warning=True, action="Certify"))
    first, second = await sent(events, server)
    assert first["regarding"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "namespace": "shop",
        "uid": "u-2",
    }
    assert (first["type"], first["action"], first["reason"], first["note"]) == (
        "Normal",
        "Inject",
        "Injected",
        "a proxy",
    )
    assert first["metadata"]["namespace"] == "shop"
    assert (second["type"], second["action"], second["reportingInstance"]) == ("Warning", "Certify", "pod-1")


async def test_what_is_the_same_is_said_once_in_a_while_and_then_how_often(clock: ManualClock) -> None:
    server = Server()
    events = make(server, clock)
    for number in range(1000):
        events.say(note(f"certificate {number}", topic=""))
    assert [made["note"] for made in await sent(events, server)] == ["certificate 0"]
    clock.advance(REPEAT_S)
    events.say(note("certificate 1000", topic=""))
    assert [made["note"] for made in await sent(events, server)] == [
        "certificate 1000 (and 999 more since the last time)"
    ]
    events.say(note("other", name="other"))
    assert len(await sent(events, server)) == 1


async def test_thousands_of_different_ones_are_bounded_and_warnings_still_come(clock: ManualClock) -> None:
    server = Server()
    events = make(server, clock)
    for number in range(4 * BURST):
        events.say(note(name=f"account-{number}"))
    events.say(note("oh no", warning=True))
    made = await sent(events, server)
    assert len(made) == BURST + 1
    assert made[-1]["type"] == "Warning"
    clock.advance(3 * EACH_S)
    for number in range(10):
        events.say(note(name=f"later-{number}"))
    assert len(await sent(events, server)) == 3


async def test_a_text_that_somebody_sent_is_one_line_and_short(clock: ManualClock) -> None:
    server = Server()
    events = make(server, clock)
    events.say(note('a\n"b"\x1b[31m ' + "\u00e4" * 5000))
    (made,) = await sent(events, server)
    assert made["note"].startswith('a "b" [31m ä')
    assert len(made["note"].encode()) <= NOTE_MAX
    assert "\n" not in made["note"]


async def test_an_event_that_cannot_be_made_is_dropped_and_the_next_one_comes(clock: ManualClock) -> None:
    server = Server()
    events = make(server, clock)
    server.refuses = True
    events.say(note("one"))
    assert await sent(events, server) == []
    server.refuses = False
    events.say(note("two"))
    assert [made["note"] for made in await sent(events, server)] == ["two"]
