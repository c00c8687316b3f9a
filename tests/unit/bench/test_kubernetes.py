"""What is made of the API server's histogram, and how a number is told."""

import pytest

from bench.kubernetes.question import Answered
from bench.kubernetes.webhook import p99

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("counts", "seconds"),
    [
        ({0.005: 1000.0, 0.025: 1000.0, INFINITE: 1000.0}, 0.00495),
        ({0.005: 980.0, 0.025: 1000.0, INFINITE: 1000.0}, 0.015),
        ({0.005: 0.0, 0.025: 0.0, INFINITE: 10.0}, INFINITE),
    ],
    ids=["all in the first", "half into the second", "beyond all bounds"],
)
def test_the_quantile_is_spread_evenly_over_its_bucket(counts: dict[float, float], seconds: float) -> None:
    assert p99(counts) == pytest.approx(seconds)


def test_a_number_says_whether_its_goal_is_met() -> None:
    assert Answered(what="x", value=2.5, unit="s", goal=3.0).line() == "| x | 2.5 s | ≤ 3 s | met |"
    assert Answered(what="x", value=3.5, unit="s", goal=3.0).line().endswith("| not met |")
    assert Answered(what="x", value=3.5, unit="s").line() == "| x | 3.5 s |  |  |"
