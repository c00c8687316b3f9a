"""The guard of the fast path's parts."""

import json

import pytest

from bench.guard import BASELINE, complaints, read


def test_valgrinds_count_is_read() -> None:
    assert read("==1== Command: parts\n==1== \n==1== I   refs:      1,234,567\n") == 1_234_567
    with pytest.raises(ValueError, match="counted nothing"):
        read("valgrind: parts: command not found")


def test_a_part_may_take_a_little_more_and_any_amount_less() -> None:
    assert list(complaints({"a": 109, "b": 10}, {"a": 100, "b": 100})) == []
    (complaint,) = complaints({"a": 111}, {"a": 100})
    assert "a takes 111 instructions instead of 100" in complaint


def test_every_part_has_a_baseline_and_the_other_way_round() -> None:
    assert len(list(complaints({"new": 1}, {"gone": 1}))) == 2


def test_the_baseline_is_numbers() -> None:
    assert all(count > 0 for count in json.loads(BASELINE.read_text()).values())
