"""Resources → Kubernetes' JSON. Pure."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from hauberk.model.part import Part
from hauberk.model.resource import Resource


def to_dict(resource: Resource) -> dict[str, Any]:
    """Return the JSON object of a resource. Fields that are empty and need not be there are left out."""
    document = {"apiVersion": resource.api_version, "kind": resource.kind}
    return {**document, **_part(resource)}


def _part(part: Part) -> dict[str, Any]:
    rendered: dict[str, Any] = {}
    for name, encoded, absent in _fields(type(part)):
        value = getattr(part, name)
        # What is empty and also the default says nothing; what is empty and not the default, or a required list
        # without entries, does.
        if absent is None or value != absent[0]:
            rendered[encoded] = _value(value)
    return rendered


def _value(value: object) -> object:
    match value:
        case Part():
            return _part(value)
        case tuple():
            return [_value(item) for item in value]
        case dict():
            return dict(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case _:
            return value


@cache
def _fields(of: type[Part]) -> tuple[tuple[str, str, tuple[object] | None], ...]:
    """Name, name in JSON and, where such a value is left out, the empty value."""
    return tuple((field.name, field.encode_name, _absent(field)) for field in msgspec.structs.fields(of))


def _absent(field: msgspec.structs.FieldInfo) -> tuple[object] | None:
    if field.default_factory is not msgspec.NODEFAULT:
        return (field.default_factory(),)
    empty = field.default is None or field.default in ("", 0, ()) or field.default is False
    return (field.default,) if field.default is not msgspec.NODEFAULT and empty else None
