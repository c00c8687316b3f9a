"""The operations of a JSON Patch (RFC 6902), for objects in which anything may be missing. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from hauberk.injector.outcome import Operation


def add(path: Sequence[str | int], value: object) -> Operation:
    """Put it there: into an object, in front of the entry of a list, or at its end (`-`)."""
    return {"op": "add", "path": pointer(path), "value": value}


def replace(path: Sequence[str | int], value: object) -> Operation:
    return {"op": "replace", "path": pointer(path), "value": value}


def pointer(path: Sequence[str | int]) -> str:
    """RFC 6901: `~` and `/` in names are escaped."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def entries(path: Sequence[str], present: Mapping[str, str] | None, wanted: Mapping[str, str]) -> list[Operation]:
    """Make an object have these entries, whether it is there or not."""
    if not wanted:
        return []
    if present is None:
        return [add(path, dict(wanted))]
    return [add((*path, key), value) for key, value in wanted.items() if present.get(key) != value]


def in_front(path: Sequence[str], present: Sequence[object] | None, wanted: Sequence[Any]) -> list[Operation]:
    """Make a list begin with these, whether it is there or not."""
    if not wanted:
        return []
    if present is None:
        return [add(path, list(wanted))]
    return [add((*path, place), value) for place, value in enumerate(wanted)]


def behind(path: Sequence[str], present: Sequence[object] | None, wanted: Sequence[Any]) -> list[Operation]:
    """Make a list end with these, whether it is there or not."""
    if not wanted:
        return []
    if present is None:
        return [add(path, list(wanted))]
    return [add((*path, "-"), value) for value in wanted]


def by_name(path: Sequence[str], present: Sequence[str] | None, wanted: Sequence[Mapping[str, Any]]) -> list[Operation]:
    """Make a list have these, each in the place of what has its name. `present`: the names that are there."""
    names = present or ()
    new = [value for value in wanted if value["name"] not in names]
    taken = [replace((*path, names.index(value["name"])), value) for value in wanted if value["name"] in names]
    return [*taken, *behind(path, present, new)]
