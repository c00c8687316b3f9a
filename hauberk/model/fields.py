"""The check that a document has no field that would be lost, against the structure of its kind. Pure."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec import inspect

from hauberk.model.part import Part
from hauberk.model.problem import Problem

Report = Callable[[Problem], None]


def known(raw: Mapping[str, Any], of: type[Part], path: str, report: Report) -> dict[str, Any]:
    """Return the fields that mean something; report those that do not, and those that are not honoured.

    A null is as good as no field (Kubernetes, API conventions), and left out.
    """
    fields = _fields(of)
    kept: dict[str, Any] = {}
    for key, value in raw.items():
        place = f"{path}.{key}" if path else str(key)
        if key in fields:
            if value is not None:
                kept[key] = _value(value, fields[key], place, report)
        elif value is None or key in of.ignored:
            continue
        elif key in of.not_honoured:
            report(Problem(place, "is not honoured yet", of.not_honoured[key]))
        else:
            report(Problem(place, "is not a known field", _near(key, fields)))
    return kept


def _value(value: object, kind: inspect.Type, place: str, report: Report) -> object:
    if isinstance(value, dict):
        for member in _members(kind):
            if isinstance(member, inspect.StructType) and issubclass(member.cls, Part):
                return known(value, member.cls, place, report)
            if isinstance(member, inspect.DictType):
                return _texts(value, place, report)
        return value
    if isinstance(value, list):
        lists = [t for t in _members(kind) if isinstance(t, inspect.VarTupleType)]
        if lists:
            return [_value(item, lists[0].item_type, f"{place}[{i}]", report) for i, item in enumerate(value)]
        return value
    if isinstance(value, str) and isinstance(kind, inspect.LiteralType) and value not in kind.values:
        report(Problem(place, f"{value!r} is none of {', '.join(map(str, kind.values))}"))
        return kind.values[0]
    return value


def _texts(raw: Mapping[Any, Any], place: str, report: Report) -> dict[str, str]:
    """The entries of a map from strings to strings; YAML makes other things of `yes`, `1` and `1.0` without quotes."""
    texts: dict[str, str] = {}
    for key, value in raw.items():
        if not isinstance(key, str):
            report(Problem(f"{place}[{key}]", "the key is not a string", "put it in quotes"))
        elif value is None or isinstance(value, str):
            texts[key] = value or ""
        else:
            report(Problem(f"{place}[{key}]", "is not a string", "put it in quotes"))
    return texts


def _members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


@cache
def _fields(of: type[Part]) -> Mapping[str, inspect.Type]:
    """The fields of a structure by their names in JSON; a kind's own tag is one of them."""
    info = inspect.type_info(of)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{of} is not a structure")
    fields = {field.encode_name: field.type for field in info.fields}
    return fields if info.tag_field is None else {info.tag_field: inspect.AnyType(), **fields}


def _near(key: str, fields: Mapping[str, inspect.Type]) -> str:
    """The field that was perhaps meant: one that differs in case only."""
    meant = next((field for field in fields if field.lower() == str(key).lower()), None)
    return f"did you mean {meant}?" if meant else ""
