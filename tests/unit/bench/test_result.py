"""From measurements to what is reported."""

from bench import campaign, planes
from bench.cases import Case, Effort
from bench.goals import judge
from bench.measure import Sample
from bench.mesh import ControlPlane
from bench.result import Result, Summary, summary

LOADED = Case(http2=False, size=100, connections=50)
CONTROL_PLANE = ControlPlane(ready_s=1.0, starts=3, rss_mb=120.0)


def sample(per_second: float, *, cpu_s: float | None = 30e-6, errors: int = 0) -> Sample:
    return Sample(per_second, 1e-3, None, errors, cpu_s, 12.0, 4.0, foreign=0.01)


def result(plane: str, cpu_us: float | None, *, errors: int = 0) -> Result:
    saturated = Summary(1000.0, cpu_us, 100.0, 200.0, 12.0, 4.0, errors, 0.0)
    return Result(LOADED, plane, saturated, None, None)


def test_a_summary_has_medians_but_the_sum_of_errors() -> None:
    found = summary([sample(100.0, cpu_s=20e-6), sample(900.0, errors=2), sample(300.0, cpu_s=None, errors=1)])
    assert (found.requests_per_s, found.errors) == (300.0, 3)
    assert found.cpu_us_per_request == 25.0
    assert found.p99_us is None


def test_goals_compare_with_the_relay_and_the_better_envoy() -> None:
    cpu = {
        planes.NONE: None,
        planes.RELAY: 40.0,
        planes.HAUBERK: 32.0,
        planes.ENVOY_HTTP2: 80.0,
        planes.ENVOY_HTTP1: 160.0,
    }
    goals = judge([result(plane, us) for plane, us in cpu.items()], CONTROL_PLANE)
    assert [goal.value for goal in goals[:2]] == [0.8, 0.4]
    assert all(goal.met for goal in goals)


def test_a_failed_request_through_another_plane_is_no_failure_of_ours() -> None:
    failed = {
        judge([result(planes.HAUBERK, 30.0, errors=ours), result(planes.RELAY, 40.0, errors=7)], CONTROL_PLANE)[2]
        for ours in (0, 1)
    }
    assert {(goal.value, goal.met) for goal in failed} == {(0, True), (1, False)}


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


def test_planes_take_turns_and_all_get_half_of_the_slowest_proxys_rate() -> None:
    speeds = Speeds(none=40.0, relay=3000.0, hauberk=4000.0)
    ways = {False: planes.Way("127.0.0.1:80", ())}
    compared = [planes.Plane(name, ways) for name in ("none", "relay", "hauberk")]
    effort = Effort((LOADED,), rounds=2, seconds=1, starts=1, patience_s=0)
    results = campaign.run(compared, effort, speeds, lambda _: None)
    assert [name for name, _ in speeds.taken[:6]] == ["none", "relay", "hauberk", "relay", "hauberk", "none"]
    assert {rate for _, rate in speeds.taken[6:]} == {1500}
    assert {found.steady_per_s for found in results} == {1500}


def test_a_plane_that_serves_one_protocol_is_not_tried_with_the_other() -> None:
    only_http1 = planes.Plane("relay", {False: planes.Way("127.0.0.1:80", ())})
    effort = Effort((LOADED, Case(http2=True, size=100, connections=50)), 1, 1, starts=1, patience_s=0)
    results = campaign.run([only_http1], effort, Speeds(relay=3000.0), lambda _: None)
    assert [found.case for found in results] == [LOADED]
