"""How a number is told."""

from bench.kubernetes.question import Answered


def test_a_number_says_whether_its_goal_is_met() -> None:
    assert Answered(what="x", value=2.5, unit="s", goal=3.0).line() == "| x | 2.5 s | ≤ 3 s | met |"
    assert Answered(what="x", value=3.5, unit="s", goal=3.0).line().endswith("| not met |")
    assert Answered(what="x", value=3.5, unit="s").line() == "| x | 3.5 s |  |  |"


def test_a_mean_says_how_well_it_is_known() -> None:
    assert Answered(what="x", value=1.234, unit="s", error=0.081).line() == "| x | 1.23 ± 0.08 s |  |  |"
