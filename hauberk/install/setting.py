r"""`--set` in Helm's words: `a.b=c,d[0]=e,f={g,h}`, with `\` before a character that is meant as it stands. Pure.

Unlike Helm's, a value has the type that the place wants: a version of 1.10 stays a text. And `{}` is an empty list, of
which Helm makes one with an empty text in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_INDEX_MAX = 1024
_LENGTH_MAX = 65_536


class SetInvalid(Exception):
    """An assignment cannot be understood; the message shows it."""


@dataclass(frozen=True)
class Assignment:
    path: tuple[str | int, ...]
    """Names, and indexes of lists."""
    value: str | tuple[str, ...]
    """A tuple where a list was written."""
    is_plain: bool = True
    """False: it is a text whatever it looks like."""

    def __str__(self) -> str:
        first, *rest = self.path
        return str(first) + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)


def assignments(text: str, *, is_plain: bool = True) -> list[Assignment]:
    """Raises SetInvalid."""
    if len(text) > _LENGTH_MAX:
        raise SetInvalid(f"{text[:64]!r}… is too long: write a file of values")
    return [_assignment(part, is_plain=is_plain) for part in _split(text, ",") if part]


def assignment_of_file(text: str) -> tuple[Assignment, str]:
    """`path=FILE` → the place, with nothing in it, and the file's name. Raises SetInvalid."""
    key, name = _halves(text)
    return Assignment(tuple(_steps(key, text)), "", is_plain=False), name


def _assignment(part: str, *, is_plain: bool) -> Assignment:
    key, value = _halves(part)
    path = tuple(_steps(key, part))
    if value.startswith("{") and value.endswith("}") and not value.endswith("\\}"):
        inner = value[1:-1]
        return Assignment(path, tuple(map(_plain, _split(inner, ","))) if inner else (), is_plain)
    return Assignment(path, _plain(value), is_plain)


def _halves(part: str) -> tuple[str, str]:
    key, *values = _split(part, "=", most=2)
    if not key or not values:
        raise SetInvalid(f"{part!r} is not NAME=VALUE")
    return key, values[0]


def _steps(key: str, part: str) -> Iterator[str | int]:
    for name in _split(key, "."):
        head, *indexes = _split(name, "[")
        if not head:
            raise SetInvalid(f"{part!r} has an empty name before = or a dot")
        yield _plain(head)
        for index in indexes:
            if not index.endswith("]") or not index[:-1].isdecimal() or int(index[:-1]) > _INDEX_MAX:
                raise SetInvalid(f"{part!r}: an index is a number up to {_INDEX_MAX} in brackets, as in a[0]")
            yield int(index[:-1])


def _split(text: str, separator: str, most: int = 0) -> list[str]:
    """At separators that are neither behind a backslash nor within braces; into at most `most` pieces, if given."""
    pieces: list[str] = []
    start = depth = position = 0
    while position < len(text) and (not most or len(pieces) + 1 < most):
        character = text[position]
        if character == "\\":
            position += 1
        elif character in "{}":
            depth += 1 if character == "{" else -1
        elif character == separator and depth <= 0:
            pieces.append(text[start:position])
            start = position + 1
        position += 1
    return [*pieces, text[start:]]


def _plain(text: str) -> str:
    """Without the backslashes that protect."""
    found, escaped = [], False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
            continue
        found.append(character)
        escaped = False
    return "".join(found)
