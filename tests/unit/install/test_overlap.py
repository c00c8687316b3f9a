"""Whether two webhooks may be asked about the same pod."""

import itertools
from typing import Any

import pytest

from hauberk.install.overlap import overlap

PODS = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}


def webhook(*requirements: tuple[str, str, list[str]], rules: Any = None, where: str = "namespaceSelector") -> Any:
    expressions = [{"key": key, "operator": operator, "values": values} for key, operator, values in requirements]
    return {"rules": [PODS] if rules is None else rules, where: {"matchExpressions": expressions}}


CHOICES: list[tuple[str, list[str]]] = [
    ("In", ["a"]),
    ("In", ["a", "b"]),
    ("In", ["c"]),
    ("NotIn", ["a"]),
    ("NotIn", ["a", "b"]),
    ("NotIn", ["c"]),
    ("Exists", []),
    ("DoesNotExist", []),
]


def takes(choice: tuple[str, list[str]], value: str | None) -> bool:
    """As the documentation of label selectors says."""
    operator, values = choice
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


@pytest.mark.parametrize("mine", CHOICES)
def test_it_is_so_if_one_namespace_satisfies_both(mine: tuple[str, list[str]]) -> None:
    for theirs in itertools.product(CHOICES, CHOICES):
        choices = (mine, *theirs)
        possible = any(all(takes(choice, value) for choice in choices) for value in ("a", "b", "c", "other", None))
        ours, *others = [("k", operator, values) for operator, values in choices]
        assert overlap(webhook(ours), webhook(*others)) == possible
        assert overlap(webhook(*others), webhook(ours)) == possible


def test_labels_do_not_depend_on_each_other() -> None:
    assert overlap(webhook(("a", "Exists", [])), webhook(("b", "DoesNotExist", [])))


def test_either_selector_keeps_them_apart() -> None:
    apart = ("old", "Exists", []), ("old", "DoesNotExist", [])
    assert not overlap(*(webhook(each, where="objectSelector") for each in apart))
    assert not overlap(*(webhook(each) for each in apart))
    labelled = {"rules": [PODS], "namespaceSelector": {"matchLabels": {"mesh": "a"}}}
    assert overlap(labelled, webhook(("mesh", "In", ["a"])))
    assert not overlap(labelled, webhook(("mesh", "NotIn", ["a"])))
    assert overlap({"rules": [PODS]}, {"rules": [PODS], "objectSelector": None})


@pytest.mark.parametrize(
    ("change", "both"),
    [
        ({"operations": ["*"]}, True),
        ({"operations": ["UPDATE"]}, False),
        ({"apiGroups": ["apps"]}, False),
        ({"apiGroups": ["*"], "resources": ["*"]}, True),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["services"]}, False),
        ({"resources": ["pods/exec"]}, False),
        ({"scope": "Cluster"}, False),
        ({"scope": "Namespaced"}, True),
    ],
)
def test_only_those_that_are_asked_about_new_pods_count(change: dict[str, Any], both: bool) -> None:
    assert overlap(webhook(), webhook(rules=[{**PODS, **change}])) == both
