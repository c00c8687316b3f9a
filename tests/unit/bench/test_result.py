"""From measurements to what is reported."""

from bench import campaign, markdown, planes, table
from bench.burst import Burst
from bench.cases import Case, Effort, Protocol
from bench.goals import Facts, Goal, judge
from bench.machine import Machine
from bench.measure import Sample, spread
from bench.memory import Churn, Memory
from bench.path import Path
from bench.report import Report
from bench.result import Result, Summary, cpu_ratio, summary
from bench.start import summary as start_summary
from bench.stopwatch import Taken

LOADED = Case(Protocol.HTTP1, 100, 50)
ALONE = Case(Protocol.HTTP1, 100, 1)
STREAM = Case(Protocol.TCP, 0, 1)
HTTP2 = Case(Protocol.HTTP2, 100, 50)


def sample(per_second: float, *, cpu_s: float | None = 30e-6, errors: int = 0) -> Sample:
    return Sample(per_second, 1e-3, None, None, errors, cpu_s, 12.0, 4.0, foreign=0.01)


def found(cpu_us: float | None = None, *, rate: float = 1000.0, p50: float = 100.0, errors: int = 0) -> Summary:
    return Summary(rate, cpu_us, p50, 200.0, p50 * 10, 12.0, 4.0, errors, 0.0, None, (cpu_us,))


def result(plane: str, saturated: Summary, *, case: Case = LOADED, steady: Summary | None = None) -> Result:
    return Result(case, plane, saturated, 500 if steady else None, steady)


def goal(facts: Facts, text: str) -> Goal:
    """The one goal whose text holds this."""
    (only,) = [goal for goal in judge(facts) if text in goal.what]
    return only


def test_a_summary_has_medians_but_the_sum_of_errors() -> None:
    of = summary([sample(100.0, cpu_s=20e-6), sample(900.0, errors=2), sample(300.0, cpu_s=None, errors=1)])
    assert (of.requests_per_s, of.errors) == (300.0, 3)
    assert of.cpu_us_per_request == 25.0
    assert of.p99_us is None


def test_planes_are_compared_within_a_round() -> None:
    """The machine was twice as slow in the second round, and the medians are of different ones."""
    ours, theirs = (
        [sample(1.0, cpu_s=cpu) for cpu in rounds] for rounds in ((8e-6, 16e-6, 9e-6), (10e-6, 20e-6, 9e-6))
    )
    ratio = cpu_ratio(summary(ours), summary(theirs))
    assert ratio is not None
    assert round(ratio, 9) == 0.8
    assert cpu_ratio(summary(ours), summary([sample(1.0, cpu_s=None)] * 3)) is None
    assert cpu_ratio(summary(ours), None) is None


def test_cpu_is_compared_with_the_relay_and_the_better_envoy() -> None:
    cpu = {planes.NONE: None, planes.RELAY: 40.0, planes.HAUBERK: 32.0, planes.ENVOY_HTTP2: 80.0}
    cpu[planes.ENVOY_HTTP1] = 160.0
    http1 = Facts([result(plane, found(us)) for plane, us in cpu.items()])
    relay, envoy = goal(http1, "CPU, times the relay pair's"), goal(http1, "Envoy")
    assert (relay.value, relay.limit, envoy.value) == (0.8, 0.95, 0.4)
    http2 = Facts([result(plane, found(us), case=HTTP2) for plane, us in cpu.items()])
    assert goal(http2, "Envoy").limit == 0.5


def test_what_a_lone_request_pays_is_counted_beyond_no_plane_at_all() -> None:
    p50 = {planes.NONE: 20.0, planes.RELAY: 120.0, planes.HAUBERK: 180.0}
    judged = goal(Facts([result(plane, found(p50=us), case=ALONE) for plane, us in p50.items()]), "p50 added")
    assert (judged.value, judged.limit, judged.met) == (1.6, 1.5, False)


def test_a_stream_has_a_least_rate_and_a_most_cpu() -> None:
    rows = [result(planes.RELAY, found(2000.0, rate=400), case=STREAM)]
    facts = Facts([*rows, result(planes.HAUBERK, found(1800.0, rate=360), case=STREAM)])
    assert (goal(facts, "MB/s").value, goal(facts, "MB/s").met) == (0.9, False)
    assert (goal(facts, "each GB").value, goal(facts, "each GB").met) == (0.9, True)


def test_the_tail_is_compared_at_half_of_the_rate() -> None:
    rows = [result(p, found(), steady=found(p50=us)) for p, us in ((planes.RELAY, 50.0), (planes.HAUBERK, 75.0))]
    assert goal(Facts(rows), "p99.9").value == 1.5


def test_two_workers_are_compared_with_one() -> None:
    two = Summary(1000.0, 33.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0, 0.0, spread([1.2, 0.8]), (33.0,))
    facts = Facts([result(planes.HAUBERK, found(30.0)), result(planes.TWO_WORKERS, two)])
    assert goal(facts, "two workers").value == 1.1
    assert round(goal(facts, "distance from the mean").value, 9) == 0.2
    assert spread([1.0]) is None


def test_only_our_own_memory_is_judged() -> None:
    burst = Burst(5000, start_mb=9.0, before_mb=10.0, after_mb=13.0)
    ours = Memory(planes.HAUBERK, 2.0, 4.0, 13.0, 11.0, 13.0, burst, Churn(100_000, 9.0, 9.1))
    relay = Memory(planes.RELAY, 9.0, 9.0, 99.0, 99.0, None, None, None)
    judged = judge(Facts([], memory=[relay, ours], paths=[Path("relay", 100.0, 3), Path("hauberk", 90.0, 3)]))
    missed = [goal.what for goal in judged if not goal.met]
    assert missed == [
        "KB for each further idle opaque connection, pair",
        "memory after 5,000 connections at once, times before",
    ]


def test_what_a_burst_leaves_is_told_against_the_start_too() -> None:
    burst = Burst(4900, start_mb=3.0, before_mb=4.0, after_mb=4.2)
    ours = Memory(planes.HAUBERK, 1.5, 2.0, 12.0, 4.0, 11.0, burst, None)
    facts = Facts([], memory=[ours])
    judged = goal(facts, "connections at once")
    assert (judged.value, judged.met) == (1.05, True)
    document = Report(Machine("EPYC", 2, "6", 0.0, 0.0), {"proxy": ""}, facts, 8.0, judge(facts))
    assert any("3.0 MB at the start, 4.0 MB before, 4.2 MB after: 1.40 times" in line for line in table.lines(document))
    pasted = markdown.lines(document.document())
    assert any("3.0 MB at the start, 4.0 MB before, 4.2 MB after (anonymous" in line for line in pasted)


def test_a_failed_request_through_another_plane_is_no_failure_of_ours() -> None:
    relay = result(planes.RELAY, found(40.0, errors=7))
    failed = [goal(Facts([result(planes.HAUBERK, found(30.0, errors=n)), relay]), "failed") for n in (0, 1)]
    assert [(each.value, each.met) for each in failed] == [(0, True), (1, False)]


def test_the_certificates_round_trip_is_not_the_proxys() -> None:
    start = start_summary([Taken(0.010, 0.030, 0.035), Taken(0.020, 0.030, 0.031), Taken(0.010, 0.020, 0.500)])
    assert round(start.beyond_ms, 6) == 21.0


class Speeds:
    """Stands in for the gauge: every plane is as fast as it is told to be."""

    def __init__(self, **speeds: float) -> None:
        self.taken: list[tuple[str, int | None]] = []
        self._speeds = speeds

    def saturate(self, case: Case, plane: planes.Plane, seconds: int) -> Sample:
        del case, seconds
        self.taken.append((plane.name, None))
        return sample(self._speeds[plane.name])

    def steady(self, case: Case, plane: planes.Plane, seconds: int, per_second: int) -> Sample:
        del case, seconds
        self.taken.append((plane.name, per_second))
        return sample(per_second)


def effort(*cases: Case, rounds: int = 1) -> Effort:
    return Effort(cases, (), rounds, seconds=1, starts=1, patience_s=0)


def plane(name: str, *, only: Case | None = None) -> planes.Plane:
    return planes.Plane(name, {Protocol.HTTP1: planes.Way("127.0.0.1:80", 1, ())}, only=only)


def test_planes_take_turns_and_the_yardsticks_have_one_rate_which_is_too_much_for_none() -> None:
    speeds = Speeds(none=9000.0, relay=3000.0, hauberk=4000.0, envoy=1000.0)
    compared = [plane(name) for name in ("none", "relay", "hauberk", "envoy")]
    results = campaign.run(compared, effort(LOADED, rounds=2), speeds, lambda _: None)
    turns = ["none", "relay", "hauberk", "envoy", "relay", "hauberk", "envoy", "none"]
    assert [name for name, _ in speeds.taken[:8]] == turns
    assert dict(speeds.taken[8:]) == {"none": 1500, "relay": 1500, "hauberk": 1500, "envoy": 500}
    assert {r.plane: r.steady_per_s for r in results} == dict(speeds.taken[8:])


def test_a_plane_is_tried_with_what_it_serves_only() -> None:
    compared = [plane("relay"), plane("hauberk-2", only=LOADED)]
    speeds = Speeds(relay=3000.0, **{"hauberk-2": 3000.0})
    results = campaign.run(compared, effort(ALONE, LOADED, HTTP2), speeds, lambda _: None)
    assert [(r.case, r.plane) for r in results] == [(ALONE, "relay"), (LOADED, "relay"), (LOADED, "hauberk-2")]
