"""Each promise of the demo on a cluster, kept and broken."""

from collections import Counter
from dataclasses import replace

from edges import answered

from hauberk.demo import cast
from hauberk.demo.cast import Home
from hauberk.demo.finding import Finding
from hauberk.demo.journal import Journal
from hauberk.demo.story import Events
from hauberk.demo.verdict import Facts, findings, nothing_left
from hauberk.telemetry.query import Edge, Place
from hauberk.telemetry.traffic import Traffic

HOME = Home("shop", ".serviceaccount.identity.mesh.c.local")


def edge(client: str, server: str) -> Edge:
    ids = {"client_ids": {HOME.identity(client)}, "server_ids": {HOME.identity(server)}}
    return Edge(Place("shop", client), Place("shop", server), Traffic(responses=10), **ids)


def good() -> Facts:
    """Two requests before the route, one failed on purpose; two after it, the last one after a replica left."""
    journal = Journal()
    answered(journal, "1", 1.0)
    journal.load_said('{"id": "2", "status": 500, "on_purpose": true, "by": "web-3"}')
    answered(journal, "3", 2.0)
    answered(journal, "4", 3.0, by=cast.ADDED)
    journal.refusals.update({"200": 5, "403": 4})
    journal.asker_said('{"status": "OK"}')
    events = Events(broken=1, routed=2, refused=Counter({"200": 5, "403": 1}), left=3)
    return Facts([edge(*ends) for ends in (*cast.ALLOWED, cast.REFUSED)], journal, events)


def broken(facts: Facts) -> list[Finding]:
    return [finding for finding in findings(facts, HOME) if not finding.kept]


def the_only_broken(facts: Facts) -> str:
    (finding,) = broken(facts)
    return finding.seen


def test_all_promises_are_kept() -> None:
    assert broken(good()) == []
    seen = [finding.seen for finding in findings(good(), HOME)]
    assert "1 failures before, 0 answers of it among 2 after" in seen
    assert "3 x 403" in seen


def test_the_identities_are_those_of_this_mesh() -> None:
    facts = good()
    facts.edges[0].server_ids.clear()
    facts.edges[0].server_ids.add(HOME.identity("web").replace(".mesh.", ".other."))
    assert the_only_broken(facts) == "client load.shop, server web.shop"


def test_who_still_gets_to_the_broken_replica_is_told() -> None:
    facts = good()
    answered(facts.journal, "5", 4.0, by=cast.BROKEN)
    assert the_only_broken(facts) == "1 failures before, 1 answers of it among 3 after"


def test_a_route_that_had_nothing_to_do_proves_nothing() -> None:
    assert the_only_broken(replace(good(), events=replace(good().events, broken=0))).startswith("0 failures before")
    assert the_only_broken(replace(good(), events=replace(good().events, routed=None))) == "there was no route"


def test_an_intruder_who_gets_in_after_the_policy_is_told_and_one_before_is_not() -> None:
    facts = good()
    facts.journal.intruder_said("200")
    assert the_only_broken(facts) == "1 x 200, 3 x 403"
    assert the_only_broken(replace(good(), events=replace(good().events, refused=None))) == "no request"


def test_a_lost_request_is_told_with_its_reason() -> None:
    facts = good()
    facts.journal.load_said('{"id": "5", "error": "ConnectionResetError"}')
    assert "1 lost; first: 5: ConnectionResetError" in the_only_broken(facts)
    assert the_only_broken(replace(good(), events=replace(good().events, left=None))) == "nobody left"


def test_a_newcomer_without_traffic_and_a_failed_call_are_told() -> None:
    facts = good()
    facts.journal.requests.append(replace(facts.journal.requests.pop(), by="web-2"))
    assert the_only_broken(facts) == "0 answers of web-4"
    facts = good()
    facts.journal.asker_said('{"status": "UNAVAILABLE"}')
    assert the_only_broken(facts) == "1 x OK, 1 x UNAVAILABLE"


def test_a_namespace_that_stays_is_told() -> None:
    assert nothing_left("", HOME).kept
    left = nothing_left("no answer", HOME)
    assert (left.kept, left.seen) == (False, "the namespace shop: no answer")
