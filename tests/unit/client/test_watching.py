from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from itertools import islice, repeat
from typing import Any

import pytest

from hauberk.client.errors import ApiError, Forbidden, Gone, Unreachable
from hauberk.client.watching import Deleted, Listed, Position, Put, WatchEvent, forever, stream, until_gone

Line = dict[str, Any]


def thing(name: str, version: int) -> Line:
    return {"metadata": {"name": name, "resourceVersion": str(version)}}


class Script:
    """A collection whose listings and streams are written down."""

    def __init__(self, listings: list[Listed | ApiError], streams: list[list[Line | ApiError]]) -> None:
        self.listings = listings
        self.streams = streams
        self.asked: list[str] = []

    async def list(self) -> Listed:
        listing = self.listings.pop(0)
        if isinstance(listing, ApiError):
            raise listing
        return listing

    async def lines(self, *, resource_version: str, timeout_s: int, silence_s: float) -> AsyncGenerator[Line, None]:
        assert timeout_s < silence_s
        self.asked.append(resource_version)
        for line in self.streams.pop(0):
            if isinstance(line, ApiError):
                raise line
            yield line


EXPIRED: Line = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "old"}}
UNREACHABLE = Unreachable("no answer", looked=["x"], hint="start it")


def no_pauses() -> Iterator[float]:
    return repeat(0.0)


async def first(events: AsyncGenerator[WatchEvent, None], count: int) -> list[WatchEvent]:
    seen: list[WatchEvent] = []
    async with aclosing(events):
        async for event in events:
            seen.append(event)
            if len(seen) == count:
                break
    return seen


async def test_a_stream_yields_changes_and_remembers_how_far_it_came() -> None:
    lines: list[Line | ApiError] = [
        {"type": "ADDED", "object": thing("a", 5)},
        {"type": "DELETED", "object": thing("a", 6)},
        {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}},
    ]
    position = Position("4")
    events = [event async for event in stream(Script([], [lines]), position)]
    assert events == [Put(thing("a", 5)), Deleted(thing("a", 6))]
    assert position.resource_version == "9"


async def test_an_error_in_the_stream_is_raised() -> None:
    with pytest.raises(Gone):
        [event async for event in stream(Script([], [[EXPIRED]]), Position("4"))]


async def test_streams_follow_each_other_without_a_gap() -> None:
    source = Script(
        [Listed((thing("a", 3),), "4")],
        [[{"type": "MODIFIED", "object": thing("a", 5)}], [{"type": "ADDED", "object": thing("b", 6)}, EXPIRED]],
    )
    events = [event async for event in until_gone(source)]
    assert events == [Listed((thing("a", 3),), "4"), Put(thing("a", 5)), Put(thing("b", 6))]
    assert source.asked == ["4", "5"]


async def test_what_was_missed_is_listed_again() -> None:
    source = Script(
        [Listed((), "1"), UNREACHABLE, Listed((thing("a", 9),), "9")],
        [[EXPIRED], [{"type": "DELETED", "object": thing("a", 10)}]],
    )
    events = await first(forever(source, pauses=no_pauses), 3)
    assert events == [Listed((), "1"), Listed((thing("a", 9),), "9"), Deleted(thing("a", 10))]


async def test_a_broken_stream_is_taken_up_by_a_new_listing() -> None:
    source = Script([Listed((), "1"), Listed((), "2")], [[UNREACHABLE]])
    assert await first(forever(source, pauses=no_pauses), 2) == [Listed((), "1"), Listed((), "2")]


async def test_what_does_not_pass_by_itself_is_raised() -> None:
    with pytest.raises(Forbidden):
        await first(forever(Script([Forbidden("no")], []), pauses=no_pauses), 1)


async def test_pauses_grow_while_nobody_answers() -> None:
    taken: list[float] = []

    def pauses() -> Iterator[float]:
        for pause in (0.001, 0.002, 0.003):
            taken.append(pause)
            yield pause

    source = Script([UNREACHABLE, UNREACHABLE, Listed((), "1")], [])
    await first(forever(source, pauses=pauses), 1)
    assert taken == list(islice((0.001, 0.002), 2))
