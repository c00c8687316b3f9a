"""Which values there are, and of what type: the schema of `hauberk.config.chart.Values`, walked by name. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import msgspec
from msgspec import inspect

from hauberk.config.chart import Values

_ENTRIES_MAX = 1024
_LIKENESS = 0.6
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""Others are texts, as in Helm: a zero in front means something."""
_WORDS = {"true": True, "false": False}
_KINDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.StructType, "a group of values"),
    (inspect.DictType, "a mapping"),
    (inspect.VarTupleType, "a list"),
)


class ValuesInvalid(Exception):
    """A value makes no sense; the message names it as it is written in a file of values."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Place:
    """A value, or a group of them."""

    type: inspect.Type
    name: str = ""

    def inner(self, step: str | int) -> "Place":
        """Raises ValuesInvalid where there is no such thing."""
        match self.type:
            case inspect.StructType(fields=fields) if isinstance(step, str):
                for field in fields:
                    if field.encode_name == step:
                        return Place(field.type, self._named(step))
                raise _unknown(self._named(step), near=tuple(names()))
            case inspect.DictType(value_type=inner) if isinstance(step, str):
                return Place(inner, self._named(step))
            case inspect.VarTupleType(item_type=inner) if isinstance(step, int):
                if step >= _ENTRIES_MAX:
                    raise ValuesInvalid(f"{self.name} has no more than {_ENTRIES_MAX} entries")
                return Place(inner, f"{self.name}[{step}]")
            case inspect.AnyType():
                return Place(self.type, f"{self.name}[{step}]" if isinstance(step, int) else self._named(step))
            case _:
                raise ValuesInvalid(f"{self.name} is {self.kind}: there is nothing like {step!r} in it")

    @property
    def kind(self) -> str:
        return next((kind for of, kind in _KINDS if isinstance(self.type, of)), "a single value")

    def _named(self, step: str) -> str:
        return f"{self.name}.{step}" if self.name else step


ROOT = Place(inspect.type_info(Values))


def names(place: Place = ROOT) -> Iterator[str]:
    """Of all values and groups."""
    if isinstance(place.type, inspect.StructType):
        for field in place.type.fields:
            inner = place.inner(field.encode_name)
            yield inner.name
            yield from names(inner)


def known(document: Mapping[str, Any], place: Place = ROOT) -> None:
    """Raises ValuesInvalid for the first name that there is not, with the nearest one."""
    for key, value in document.items():
        inner = place.inner(key if isinstance(key, str) else str(key))
        if isinstance(value, Mapping):
            if not isinstance(inner.type, inspect.StructType | inspect.DictType | inspect.AnyType):
                raise ValuesInvalid(f"{inner.name} is {inner.kind}, not a mapping")
            known(value, inner)


def fitted(text: str, place: Place, *, is_plain: bool) -> Any:  # noqa: ANN401 - of the place's type
    """A text of the command line as the place wants it. Raises ValuesInvalid.

    `is_plain`: null and, where any type will do, numbers and words are what they look like.
    """
    if is_plain and text == "null":
        return None
    match place.type:
        case inspect.StrType() | inspect.LiteralType():
            return text
        case inspect.IntType():
            try:
                return int(text)
            except ValueError:
                raise ValuesInvalid(f"{place.name} is a whole number, not {text!r}") from None
        case inspect.BoolType():
            if text not in _WORDS:
                raise ValuesInvalid(f"{place.name} is true or false, not {text!r}")
            return _WORDS[text]
        case inspect.AnyType():
            return _looking_like(text) if is_plain else text
        case _:
            hint = "a list is written {a,b}" if isinstance(place.type, inspect.VarTupleType) else ""
            raise ValuesInvalid(f"{place.name} is {place.kind}, not {text!r}", hint=hint)


def typed(document: Mapping[str, Any]) -> Values:
    """Raises ValuesInvalid."""
    known(document)
    try:
        return msgspec.convert(document, Values)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        name = where.removesuffix("`").removeprefix(".").replace("[...]", "")
        hint = "numbers that are meant as texts stand in quotation marks" if "Expected `str`" in what else ""
        raise ValuesInvalid(f"{name or 'the values'}: {what[:1].lower()}{what[1:]}", hint=hint) from None


def _looking_like(text: str) -> Any:  # noqa: ANN401 - by its looks
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _NUMBER.fullmatch(text) else text


def _unknown(name: str, near: tuple[str, ...]) -> ValuesInvalid:
    """By the whole name or by its last part, whichever is nearer."""

    def likeness(other: str) -> float:
        pairs = ((name, other), (name.rpartition(".")[2], other.rpartition(".")[2]))
        return max(SequenceMatcher(None, one.lower(), two.lower()).ratio() for one, two in pairs)

    found = max(near, key=likeness)
    hint = f"the nearest is {found}" if likeness(found) >= _LIKENESS else ""
    return ValuesInvalid(f"there is no value {name}", hint=hint)
