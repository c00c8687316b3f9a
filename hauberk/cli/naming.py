"""Words on the command line that mean objects: `service web`, `svc/web pod/web-1`, `servers,httproutes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.model.kinds import Kind


@dataclass(frozen=True)
class Wanted:
    """Objects of one kind by name, or (no names) all of them."""

    kind: Kind
    names: tuple[str, ...] = ()


def wanted(words: Sequence[str]) -> list[Wanted]:
    """Reads the arguments of get, describe and delete. Raises UsageError."""
    if not words:
        raise click.UsageError(f"say which kind: {_words()}")
    if any("/" in word for word in words):
        return _paired(words)
    kinds, names = words[0].split(","), tuple(words[1:])
    if names and len(kinds) > 1:
        raise click.UsageError("names go with one kind: write KIND/NAME for several")
    return [Wanted(kind_named(word), names) for word in kinds]


def kind_named(word: str) -> Kind:
    """The kind that a word means: plural, singular or short, perhaps with its group. Raises UsageError."""
    from hauberk.model.kinds import by_word

    found = by_word(word)
    if not found:
        raise click.UsageError(f"there is no kind {word!r}: {_words()}")
    return found[0]


def _paired(words: Sequence[str]) -> list[Wanted]:
    found: dict[Kind, list[str]] = {}
    for word in words:
        kind, slash, name = word.partition("/")
        if not slash or not name or "/" in name:
            raise click.UsageError(f"{word!r} is not KIND/NAME, and others are")
        found.setdefault(kind_named(kind), []).append(name)
    return [Wanted(kind, tuple(names)) for kind, names in found.items()]


def _words() -> str:
    from hauberk.model.kinds import KINDS

    return ", ".join(dict.fromkeys(kind.plural for kind in KINDS))
