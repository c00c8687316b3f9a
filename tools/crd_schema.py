"""Structures of the model → OpenAPI schemas as CustomResourceDefinitions have them (structural schemas)."""

from __future__ import annotations

import ast
import inspect as source
import textwrap
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crd_rules import FIELDS, OBJECTS, REQUIRED, SINCE
from msgspec import inspect

if TYPE_CHECKING:
    from hauberk.model.part import Part

Schema = dict[str, Any]


def schema_of(of: type[Part], version: str) -> Schema:
    """An object with the fields that the structure has in a version of the API."""
    properties: Schema = {}
    required = []
    for field in _struct(of).fields:
        key = (_owner(of, field.name), field.name)
        if version not in SINCE.get(key, (version,)):
            continue
        properties[field.encode_name] = _field(key[0], field, version)
        if field.required or key in REQUIRED:
            required.append(field.encode_name)
    schema: Schema = {"type": "object"}
    if text := _text(of.__doc__ if "__doc__" in vars(of) else None):
        schema["description"] = text
    if required:
        schema["required"] = sorted(required)
    return schema | {"properties": properties} | OBJECTS.get(of, {})


def _field(of: type[Part], field: inspect.Field, version: str) -> Schema:
    schema = _type(field.type, version)
    if text := _text(_attribute_texts(of).get(field.name)):
        schema["description"] = text
    key = (of, field.name)
    if key not in REQUIRED and isinstance(field.default, str | int) and field.default not in ("", 0):
        schema["default"] = field.default
    return schema | FIELDS.get(key, {})


def _type(of: inspect.Type, version: str) -> Schema:
    match of:
        case inspect.UnionType():
            return _union([each for each in of.types if not isinstance(each, inspect.NoneType)], version)
        case inspect.StructType():
            return schema_of(of.cls, version)
        case inspect.VarTupleType():
            return {"type": "array", "items": _type(of.item_type, version)}
        case inspect.DictType():
            return {"type": "object", "additionalProperties": _type(of.value_type, version)}
        case inspect.LiteralType():
            return {"type": "string", "enum": list(of.values)}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case inspect.IntType():
            return {"type": "integer", "format": "int64"}
        case inspect.StrType():
            return {"type": "string"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case _:
            raise TypeError(f"there is no schema for {of}")


def _union(types: list[inspect.Type], version: str) -> Schema:
    if len(types) == 1:
        return _type(types[0], version)
    if {type(each) for each in types} == {inspect.IntType, inspect.StrType}:
        return {"x-kubernetes-int-or-string": True}
    raise TypeError(f"there is no schema for one of {types}")


def _owner(of: type[Part], name: str) -> type[Part]:
    """The class that declares a field, which may be a base."""
    return next(each for each in of.__mro__ if name in vars(each).get("__annotations__", {}))


def _struct(of: type[Part]) -> inspect.StructType:
    info = inspect.type_info(of)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{of} is not a structure")
    return info


@cache
def _attribute_texts(of: type[Part]) -> dict[str, str]:
    """The texts that stand below fields."""
    tree = ast.parse(textwrap.dedent(source.getsource(of)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    texts = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            value = below.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[field.target.id] = value.value
    return texts


def _text(text: str | None) -> str:
    return " ".join((text or "").split())
