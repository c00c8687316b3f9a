"""A manifest as it is written: objects with places for values. deploy/manifests/README.md says what each node means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Constant = str | int | float | bool | None


class TemplateInvalid(Exception):
    """A manifest makes no sense; the message names its file and line."""


@dataclass(frozen=True)
class Plain:
    value: Constant


@dataclass(frozen=True)
class Reference:
    """A value of the installation: the first of these that is not empty, or the last."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    parts: tuple[str | Reference, ...]


@dataclass(frozen=True)
class Derived:
    """Not the value itself, but what a container has of it."""

    of: str
    what: Literal["image", "resources"]


@dataclass(frozen=True)
class Condition:
    """Whether a value is not empty or, with `word`, whether it is that."""

    path: str
    word: str | None = None
    negated: bool = False


@dataclass(frozen=True)
class When:
    test: Condition
    then: "Node"
    otherwise: "Node | None" = None
    """None: what it stands for is left out."""


@dataclass(frozen=True)
class Each:
    """Only within `Items`."""

    of: Reference
    name: str
    do: "Node"


@dataclass(frozen=True)
class Fields:
    entries: Mapping[str, "Node"]
    taken_in: Reference | None = None
    """A mapping among the values: its entries are there too, but for those that have an entry here."""


@dataclass(frozen=True)
class Items:
    """Items that are lists themselves, also by way of `When`, have their entries put in their place."""

    items: tuple["Node", ...]
    reasons: tuple[str, ...] = field(default=(), compare=False)
    """Of each, for people."""


Node = Plain | Reference | Text | Derived | When | Each | Fields | Items


def may_be_absent(node: Node) -> bool:
    return isinstance(node, When) and (node.otherwise is None or may_be_absent(node.then))


def is_list(node: Node | None) -> bool:
    """Whether its entries are put in its place where it stands in a list."""
    return isinstance(node, Items | Each) or (
        isinstance(node, When) and (is_list(node.then) or is_list(node.otherwise))
    )
