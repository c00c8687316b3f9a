"""Floods end the connection that they come on, and cost its neighbours and the proxies' memory nothing."""

import pytest
from conformkit.flood import FLOODS, Attacker, Flood
from conformkit.memory import MB, bounded
from conformkit.peer import Peer
from conformkit.program import Program
from conformkit.way import Way

ROOM = 12 * MB


def serve(peer: Peer) -> None:
    while True:
        stream, fields = peer.request()
        if fields[":path"] == "/good":
            peer.head(stream)
            peer.data(stream, b"good", end=True)


def good(peer: Peer) -> None:
    assert peer.answer(peer.ask(path="/good")).body == b"good"


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.name)
def test_a_flood_is_ended_and_hurts_nobody(way: Way, program: Program, flood: Flood) -> None:
    with program.speaking(serve), Peer(way.connect(program.port), client=True) as peer:
        good(peer)
        with bounded(way.proxies(), ROOM):
            attacker = Attacker(way.connect(program.port), flood, reads=True)
            for number in attacker.batches():
                if number % 20 == 0:
                    good(peer)
            good(peer)
        with Peer(way.connect(program.port), client=True) as another:
            good(another)
    if flood.closes:
        assert attacker.was_closed


@pytest.mark.parametrize("name", ["ping", "settings", "rapid reset"])
def test_answers_that_nobody_reads_do_not_pile_up(way: Way, program: Program, name: str) -> None:
    flood = next(flood for flood in FLOODS if flood.name == name)
    with (
        program.speaking(serve),
        Peer(way.connect(program.port), client=True) as peer,
        bounded(way.proxies(), ROOM),
    ):
        attacker = Attacker(way.connect(program.port, timeout_s=1), flood, reads=False)
        for number in attacker.batches():
            if number % 20 == 0:
                good(peer)
        good(peer)
