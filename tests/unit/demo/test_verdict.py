"""Each promise, kept and broken."""

from dataclasses import replace

import pytest
from edges import KILLED_AT_S, all_edges, answered, edge, good_facts, good_journal

from demo import scene
from demo.verdict import Facts, findings
from hauberk.demo import cast
from hauberk.demo.finding import Finding


def broken(facts: Facts) -> list[Finding]:
    return [finding for finding in findings(facts) if not finding.kept]


def the_only_broken(facts: Facts) -> Finding:
    (finding,) = broken(facts)
    return finding


def test_all_promises_are_kept() -> None:
    assert broken(good_facts()) == []
    kill = next(f for f in findings(good_facts()) if "SIGKILL" in f.promise)
    assert kill.seen == (
        "4 requests, 2 of them after the kill, 0 lost; 1 that the killed program was answering was answered by others"
    )


@pytest.mark.parametrize("ends", [*cast.ALLOWED, cast.REFUSED])
def test_each_edge_must_be_there(ends: tuple[str, str]) -> None:
    edges = all_edges()
    del edges[ends]
    assert the_only_broken(replace(good_facts(), edges=list(edges.values()))).seen == "no traffic seen"


def test_an_edge_without_tls_or_with_another_identity_is_not_secured() -> None:
    edges = all_edges()
    edges["web", "cache"].insecure_reasons.add("no_identity")
    assert "without TLS: no_identity" in the_only_broken(replace(good_facts(), edges=list(edges.values()))).seen
    edges = all_edges()
    edges["load", "web"].client_ids.add(scene.HOME.identity("asker"))
    assert (
        the_only_broken(replace(good_facts(), edges=list(edges.values()))).seen
        == "client asker.default, load.default, server web.default"
    )


def test_an_edge_that_nobody_expects_is_told() -> None:
    edges = [*all_edges().values(), edge("intruder", "cache")]
    assert the_only_broken(replace(good_facts(), edges=edges)).seen == "intruder → cache"


def test_an_intruder_who_gets_anything_else_is_told() -> None:
    journal = good_journal()
    journal.intruder_said("200")
    assert the_only_broken(replace(good_facts(), journal=journal)).seen == "1 x 200, 1 x 403"
    silent = good_journal()
    silent.refusals.clear()
    assert the_only_broken(replace(good_facts(), journal=silent)).seen == "no request"


def test_a_lost_request_counts_also_when_the_killed_program_was_answering_it() -> None:
    journal = good_journal()
    answered(journal, "gone", KILLED_AT_S - 0.01, status=502)
    seen = the_only_broken(replace(good_facts(), journal=journal, died_with_it={"gone"})).seen
    assert "1 lost (1 of them while the killed program was answering)" in seen
    assert "first: gone, -0.010 s from the kill: status 502" in seen


def test_without_a_kill_or_without_traffic_after_it_nothing_is_proven() -> None:
    assert "no replica was killed" in [f.seen for f in broken(replace(good_facts(), killed_at_s=None))]
    late = replace(good_facts(), killed_at_s=KILLED_AT_S + 60)
    assert [f.promise for f in broken(late)] == ["no request is lost, a replica's SIGKILL included"]


def test_the_new_replica_must_be_used_soon() -> None:
    facts = good_facts()
    assert the_only_broken(replace(facts, ready_at_s=KILLED_AT_S + 4)).seen == "first answer after 1300 ms"
    assert the_only_broken(replace(facts, ready_at_s=None)).seen == "it never became ready"


def test_exit_code_grpc_and_leftovers() -> None:
    facts = good_facts()
    assert the_only_broken(replace(facts, killed_exit_code=0)).seen == "exit code 0"
    assert the_only_broken(replace(facts, left_behind=["process nginx"])).seen == "process nginx"
    facts.journal.asker_said('{"status": "UNAVAILABLE"}')
    assert the_only_broken(facts).seen == "1 x OK, 1 x UNAVAILABLE"
