from typing import Any

import pytest

from hauberk.client.threeway import last_applied_of, merge_patch_for, with_last_applied, without_last_applied


@pytest.mark.parametrize(
    ("last", "wanted", "live", "patch"),
    [
        ({}, {"a": 1}, {"a": 1, "b": 2}, {}),
        ({}, {"a": 1}, {"a": 2, "b": 2}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}, {"b": None}),
        ({"b": 2}, {}, {}, {}),
        ({"s": {"x": 1}}, {"s": {"y": 1}}, {"s": {"x": 1, "z": 3}}, {"s": {"y": 1, "x": None}}),
        ({}, {"s": {"y": [1]}}, {"s": {"y": [2]}}, {"s": {"y": [1]}}),
        ({}, {"s": {"y": 1}}, {"s": None}, {"s": {"y": 1}}),
    ],
)
def test_the_patch_turns_what_is_there_into_what_is_wanted(last: Any, wanted: Any, live: Any, patch: Any) -> None:
    assert merge_patch_for(last=last, wanted=wanted, live=live) == patch


def test_the_last_manifest_is_found_again() -> None:
    manifest = {"kind": "Service", "metadata": {"name": "web", "annotations": {"note": "x"}}, "spec": {"a": 1}}
    written = with_last_applied(manifest)
    assert last_applied_of(written) == manifest
    assert without_last_applied(written) == manifest
    assert last_applied_of(with_last_applied(written)) == manifest


@pytest.mark.parametrize("annotation", ["", "{", "[]", "1"])
def test_an_unreadable_last_manifest_is_none(annotation: str) -> None:
    live = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": annotation}}}
    assert last_applied_of(live) == {}
