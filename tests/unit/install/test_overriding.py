"""What of the values somebody chose, and that it is enough to have them again."""

import msgspec
import pytest
from installing_sets import SETS, values_of

from hauberk.config.chart import HA, Values
from hauberk.install.overriding import base_of, difference, laid, overrides


def again(chosen: dict[str, object]) -> Values:
    return msgspec.convert(laid(base_of(high_availability=bool(chosen.get("highAvailability"))), chosen), Values)


@pytest.mark.parametrize("name", SETS)
def test_choices_upon_their_base_are_the_values(name: str) -> None:
    assert again(overrides(values_of(name))) == values_of(name)


def test_who_chose_nothing_follows_the_defaults() -> None:
    assert overrides(Values()) == {}
    assert overrides(HA) == {"highAvailability": True}


def test_only_what_differs_is_a_choice() -> None:
    values = Values(cluster_domain="x.y", node_selector={"a": "b"})
    assert overrides(values) == {"clusterDomain": "x.y", "nodeSelector": {"kubernetes.io/os": None, "a": "b"}}


def test_mappings_are_merged_and_all_else_is_replaced() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert laid(base, {"a": {"c": [3], "e": {"f": None, "g": 1}}, "d": None}) == {
        "a": {"b": 1, "c": [3], "e": {"g": 1}}
    }
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_a_difference_laid_upon_its_base_is_the_whole() -> None:
    base, mine = {"a": {"b": 1, "c": 2}, "d": 1, "e": [1]}, {"a": {"c": 3}, "e": [], "f": {"g": 1}}
    assert laid(base, difference(mine, base)) == mine
