"""What is taken from the programs' lines."""

import asyncio
import json

from hauberk.demo.journal import REQUESTS_KEPT_MAX, Journal

ANSWER = {"id": "c1-1", "at": 1.0, "ended": 1.5, "status": 200, "by": "web-1", "on_purpose": False, "why": None}


def heard(**changes: object) -> Journal:
    journal = Journal()
    journal.load_said(json.dumps({**ANSWER, **changes}))
    return journal


def test_an_answer_is_not_lost() -> None:
    journal = heard()
    (request,) = journal.requests
    assert (request.by, request.began_s, request.ended_s, request.lost) == ("web-1", 1.0, 1.5, False)
    assert journal.traffic.is_set()


def test_a_failure_is_lost_unless_the_program_means_it() -> None:
    assert heard(status=502, why="connect").requests[0].lost
    assert not heard(status=500, on_purpose=True).requests[0].lost


def test_no_answer_at_all_is_lost_with_its_reason() -> None:
    journal = Journal()
    journal.load_said(json.dumps({"id": "c1-1", "at": 1.0, "ended": 1.5, "error": "ConnectionResetError(104)"}))
    (request,) = journal.requests
    assert (request.status, request.lost, request.reason) == (None, True, "ConnectionResetError(104)")


def test_lines_that_make_no_sense_are_passed_over() -> None:
    journal = Journal()
    for line in ("", "{", "[1]", "null"):
        journal.load_said(line)
        journal.asker_said(line)
    assert (list(journal.requests), journal.quotes.total()) == ([], 0)
    journal.load_said('{"at": "soon", "status": "fine"}')
    assert journal.requests[0].lost


def test_requests_in_progress_are_those_begun_and_not_ended() -> None:
    journal = Journal()
    for line in ("begin a", "begin b", "end a", "end c"):
        journal.web_said("web-1", line)
    journal.web_said("web-2", "begin d")
    assert journal.in_progress == {"web-1": {"b"}, "web-2": {"d"}}


async def test_waiting_for_a_request_ends_with_the_next_one_of_that_replica() -> None:
    journal = Journal()
    journal.web_said("web-1", "begin before")
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = group.create_task(journal.until_begun("web-1"))
        await asyncio.sleep(0)
        journal.web_said("web-2", "begin elsewhere")
        await asyncio.sleep(0)
        assert not waiting.done()
        journal.web_said("web-1", "begin now")


def test_outcomes_are_counted_until_the_journal_is_closed() -> None:
    journal = Journal()
    for line in ("403", "403\n", "000", "curl: what?"):
        journal.intruder_said(line)
    journal.asker_said('{"status": "OK"}')
    journal.close()
    journal.intruder_said("200")
    journal.asker_said('{"status": "UNAVAILABLE"}')
    journal.load_said(json.dumps(ANSWER))
    assert journal.refusals == {"403": 2, "000": 1, "no status": 1}
    assert journal.quotes == {"OK": 1}
    assert not journal.requests


async def test_waiting_ends_when_a_client_said_what_makes_it_true() -> None:
    journal = Journal()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = group.create_task(journal.until(lambda: journal.refusals["403"] >= 2))
        for _ in range(2):
            await asyncio.sleep(0)
            assert not waiting.done()
            journal.intruder_said("403")


def test_what_came_since_a_moment_is_known_also_when_older_requests_are_forgotten() -> None:
    journal = Journal()
    for number in range(REQUESTS_KEPT_MAX + 2):
        journal.load_said(json.dumps({**ANSWER, "id": str(number)}))
    assert journal.heard == REQUESTS_KEPT_MAX + 2
    assert [request.id for request in journal.since(REQUESTS_KEPT_MAX)] == [
        str(REQUESTS_KEPT_MAX),
        str(REQUESTS_KEPT_MAX + 1),
    ]
    assert journal.since(journal.heard) == []
    assert len(journal.since(0)) == REQUESTS_KEPT_MAX
