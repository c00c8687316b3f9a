from pages import outbound, reading, target

from hauberk.telemetry.change import Change, Reading, change, changes, total

LOAD = target("load-1", "load", "10.77.0.2")


def responses(one: Change) -> float:
    return sum(s.value for s in one.increases if s.series.name == "response_total")


def test_a_counter_is_reported_by_its_increase_and_a_gauge_by_its_value() -> None:
    found = change(
        reading(LOAD, 1, outbound("web", "web-1", 10)), reading(LOAD, 3, outbound("web", "web-1", 14)), since_s=0
    )
    assert responses(found) == 4
    assert found.seconds == 2
    assert {s.value for s in found.gauges} == {1, 3}


def test_a_counter_that_fell_began_again_at_zero() -> None:
    found = change(
        reading(LOAD, 1, outbound("web", "web-1", 10)), reading(LOAD, 2, outbound("web", "web-1", 3)), since_s=0
    )
    assert responses(found) == 3


def test_all_that_a_new_proxy_counted_is_new() -> None:
    known = target("web-1", "web", "10.77.0.3")
    found = changes([reading(known, 5, "")], [reading(known, 7, ""), reading(LOAD, 7, outbound("web", "web-1", 6))])
    assert [(c.target.pod, responses(c), c.seconds) for c in found] == [("web-1", 0, 2), ("load-1", 6, 2)]


def test_a_proxy_that_could_not_be_read_at_either_end_is_left_out() -> None:
    lost = Reading(LOAD, 2, (), error="connection refused")
    good = reading(LOAD, 3, outbound("web", "web-1", 100))
    assert changes([good], [lost]) == []
    assert changes([lost], [good]) == []


def test_what_a_proxy_counted_before_it_ended_stays_in_the_total_but_its_gauges_do_not() -> None:
    gone = target("web-1", "web", "10.77.0.3")
    first = changes(
        [reading(LOAD, 0, ""), reading(gone, 0, "")],
        [reading(LOAD, 1, outbound("web", "web-1", 5)), reading(gone, 1, outbound("cache", "cache-1", 7))],
    )
    second = changes([reading(LOAD, 1, outbound("web", "web-1", 5))], [reading(LOAD, 2, outbound("web", "web-1", 8))])
    summed = {c.target.pod: c for c in total([first, second])}
    assert responses(summed["load-1"]) == 8
    assert responses(summed["web-1"]) == 7
    assert summed["web-1"].gauges == ()
    assert {c.seconds for c in summed.values()} == {2}
