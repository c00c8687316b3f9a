"""Whether two webhooks may be asked about the same pod. Pure, and exact for what labels can say.

A pod meets both selectors if, for each label, there is a value (or none) that both take: labels do not depend on each
other. A namespace is always labelled with its own name, which changes nothing here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Webhook = Mapping[str, Any]


@dataclass(frozen=True)
class _Taken:
    """Values of one label: those listed or, if `others`, all but those; `absent`: whether it may be missing."""

    listed: frozenset[str]
    others: bool
    absent: bool

    def both(self, other: "_Taken") -> "_Taken":
        absent = self.absent and other.absent
        match self.others, other.others:
            case True, True:
                return _Taken(self.listed | other.listed, True, absent)
            case True, False:
                return _Taken(other.listed - self.listed, False, absent)
            case False, True:
                return _Taken(self.listed - other.listed, False, absent)
            case _:
                return _Taken(self.listed & other.listed, False, absent)

    @property
    def is_empty(self) -> bool:
        return not self.absent and not self.others and not self.listed


_ANY = _Taken(frozenset(), others=True, absent=True)


def overlap(one: Webhook, other: Webhook) -> bool:
    """Whether there may be a pod about whose creation both are asked."""
    return (
        _asks_about_pods(one)
        and _asks_about_pods(other)
        and all(_meet(one.get(selector), other.get(selector)) for selector in ("namespaceSelector", "objectSelector"))
    )


def _asks_about_pods(webhook: Webhook) -> bool:
    for rule in webhook.get("rules") or []:
        operations, groups, resources = (rule.get(key) or [] for key in ("operations", "apiGroups", "resources"))
        if (
            not {"CREATE", "*"}.isdisjoint(operations)
            and not {"", "*"}.isdisjoint(groups)
            and not {"pods", "*", "*/*"}.isdisjoint(resources)
            and rule.get("scope") != "Cluster"
        ):
            return True
    return False


def _meet(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    found: dict[str, _Taken] = {}
    for selector in (one, other):
        for key, taken in _requirements(selector or {}):
            found[key] = found.get(key, _ANY).both(taken)
    return not any(taken.is_empty for taken in found.values())


def _requirements(selector: Mapping[str, Any]) -> Iterator[tuple[str, _Taken]]:
    for key, value in (selector.get("matchLabels") or {}).items():
        yield key, _Taken(frozenset({value}), others=False, absent=False)
    for requirement in selector.get("matchExpressions") or []:
        listed = frozenset(requirement.get("values") or [])
        match requirement.get("operator"):
            case "In":
                yield requirement["key"], _Taken(listed, others=False, absent=False)
            case "NotIn":
                yield requirement["key"], _Taken(listed, others=True, absent=True)
            case "Exists":
                yield requirement["key"], _Taken(frozenset(), others=True, absent=False)
            case "DoesNotExist":
                yield requirement["key"], _Taken(frozenset(), others=False, absent=True)
