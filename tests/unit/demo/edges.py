"""Edges and facts as a demo sees them in which all goes well."""

import json

from demo import scene
from demo.verdict import Facts
from hauberk.demo import cast
from hauberk.demo.journal import Journal
from hauberk.telemetry.query import Edge, Place
from hauberk.telemetry.traffic import Traffic

KILLED_AT_S = 100.0


def edge(client: str, server: str, *, denied: bool = False) -> Edge:
    traffic = Traffic(responses=10, failures=10 if denied else 0, statuses={"403" if denied else "200": 10.0})
    traffic.seconds, traffic.buckets = 2.0, {0.001: 5.0, 0.01: 10.0, float("inf"): 10.0}
    return Edge(
        Place("default", client),
        Place("default", server),
        traffic,
        server_ids={scene.HOME.identity(server)},
        client_ids={scene.HOME.identity(client)},
    )


def all_edges() -> dict[tuple[str, str], Edge]:
    found = {ends: edge(*ends) for ends in cast.ALLOWED}
    return {**found, cast.REFUSED: edge(*cast.REFUSED, denied=True)}


def answered(journal: Journal, about: str, at_s: float, by: str = "web-2", status: int = 200) -> None:
    journal.load_said(json.dumps({"id": about, "at": at_s, "ended": at_s + 0.1, "status": status, "by": by}))


def good_journal() -> Journal:
    journal = Journal()
    answered(journal, "before", KILLED_AT_S - 1)
    answered(journal, "rescued", KILLED_AT_S - 0.05)
    answered(journal, "after", KILLED_AT_S + 1)
    answered(journal, "new", KILLED_AT_S + 5.2, by=cast.ADDED)
    journal.intruder_said("403")
    journal.asker_said('{"status": "OK"}')
    return journal


def good_facts() -> Facts:
    return Facts(
        edges=list(all_edges().values()),
        journal=good_journal(),
        killed_at_s=KILLED_AT_S,
        died_with_it={"rescued"},
        ready_at_s=KILLED_AT_S + 5,
        killed_exit_code=137,
    )
