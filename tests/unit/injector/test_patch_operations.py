"""Every operation finds its place, whatever is missing (RFC 6902, RFC 6901)."""

import pytest

from hauberk.apiserver.patch import json_patch
from hauberk.injector.operations import behind, by_name, entries, in_front, pointer


def test_names_are_escaped() -> None:
    assert pointer(("metadata", "a/b~c", 0, "-")) == "/metadata/a~1b~0c/0/-"


@pytest.mark.parametrize("present", [None, {}, {"b": "old"}, {"a/x": "1", "b": "2"}])
def test_entries_are_there_afterwards(present: dict[str, str] | None) -> None:
    wanted = {"a/x": "1", "b": "2"}
    made = json_patch({"m": present}, entries(("m",), present, wanted))
    assert made == {"m": {**(present or {}), **wanted}}
    assert entries(("m",), wanted, wanted) == []
    assert entries(("m",), present, {}) == []


@pytest.mark.parametrize("present", [None, [], [3]])
def test_lists_begin_or_end_with_what_was_wanted(present: list[int] | None) -> None:
    kept = present or []
    assert json_patch({"l": present}, in_front(("l",), present, [1, 2])) == {"l": [1, 2, *kept]}
    assert json_patch({"l": present}, behind(("l",), present, [1, 2])) == {"l": [*kept, 1, 2]}
    assert in_front(("l",), present, []) == behind(("l",), present, []) == []


def test_what_has_the_name_is_replaced() -> None:
    present = [{"name": "x"}, {"name": "b", "old": 1}]
    wanted = [{"name": "a"}, {"name": "b"}]
    operations = by_name(("l",), ["x", "b"], wanted)
    assert json_patch({"l": present}, operations) == {"l": [{"name": "x"}, {"name": "b"}, {"name": "a"}]}
    assert json_patch({}, by_name(("l",), None, wanted)) == {"l": wanted}
