"""What routes of a Service mean."""

from collections import Counter

import pytest
from meant import APIS, changes, path, route, to
from stages import Answer, Stage, asked
from waiting import until


def plural(api: str) -> str:
    return f"httproutes.{api.partition('/')[0]}"


@pytest.mark.parametrize("api", APIS)
def test_paths_headers_and_methods_choose_the_backend(stage: Stage, api: str) -> None:
    header = {"headers": [{"name": "x-version", "value": "2"}]}
    rules = [
        {"matches": [path("/two"), header], "backendRefs": to(two=1)},
        {"matches": [path("/exact", "Exact")], "backendRefs": to(two=1)},
        {"matches": [{**path("/"), "method": "POST"}], "backendRefs": to(two=1)},
        {"matches": [path("/")], "backendRefs": to(one=1)},
    ]
    assert stage.apply(route("chosen", rules, api=api)) == ""
    until("the route holds", lambda: got(stage, "/two/things").by == "two")
    assert got(stage, "/twofold").by == "one"
    assert got(stage, "/", headers={"x-version": "2"}).by == "two"
    assert got(stage, "/", headers={"x-version": "3"}).by == "one"
    assert [got(stage, where).by for where in ("/exact", "/exact/not")] == ["two", "one"]
    assert got(stage, "/", method="POST").by == "two"
    stage.delete(plural(api), "chosen")
    until("the route is gone", lambda: got(stage, "/two/things").by == "one")


def got(stage: Stage, where: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    return asked(stage, "friend", "one", where, method=method, headers=headers)


def test_a_weight_of_zero_gets_nothing_and_no_match_is_404(stage: Stage) -> None:
    rules = [
        {"matches": [path("/none")], "backendRefs": to(one=0, two=7)},
        {"matches": [path("/half")], "backendRefs": to(one=1, two=1)},
    ]
    assert stage.apply(route("weighed", rules)) == ""
    until("the route holds", lambda: got(stage, "/none").by == "two")
    assert Counter(got(stage, "/none").by for _ in range(3)) == {"two": 3}
    assert {got(stage, "/half").by for _ in range(12)} == {"one", "two"}
    assert got(stage, "/else").status == 404
    stage.delete(plural(APIS[0]), "weighed")
    until("the route is gone", lambda: got(stage, "/else").status == 200)


def test_filters_change_what_passes(stage: Stage) -> None:
    asking = changes("RequestHeaderModifier", set=[{"name": "x-asked", "value": "set"}], remove=["x-gone"])
    answering = changes("ResponseHeaderModifier", add=[{"name": "x-route", "value": "here"}], remove=["server"])
    elsewhere = changes("RequestRedirect", hostname="elsewhere.test", statusCode=301)
    rules = [
        {"matches": [path("/headers")], "filters": [asking, answering], "backendRefs": to(one=1)},
        {"matches": [path("/moved")], "filters": [elsewhere]},
    ]
    assert stage.apply(route("filtered", rules)) == ""
    until("the route holds", lambda: "x-route" in got(stage, "/headers").headers)
    answer = got(stage, "/headers", headers={"x-asked": "before", "x-gone": "1"})
    assert '"x-asked": "set"' in answer.body
    assert "x-gone" not in answer.body
    assert "server" not in answer.headers
    moved = got(stage, "/moved/on")
    assert (moved.status, moved.headers["location"]) == (301, "http://elsewhere.test/moved/on")
    stage.delete(plural(APIS[0]), "filtered")
    until("the route is gone", lambda: "x-route" not in got(stage, "/headers").headers)


def test_a_request_ends_when_its_rule_says_so(stage: Stage) -> None:
    assert stage.apply(route("limited", [{"matches": [path("/")], "timeouts": {"request": "300ms"}}])) == ""
    until("the limit holds", lambda: got(stage, "/").status == 200 and got(stage, "/hold").status == 504)
    stage.delete(plural(APIS[0]), "limited")
