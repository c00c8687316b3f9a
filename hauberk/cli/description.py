"""An object as an indented list of names and values, as `kubectl describe` shows it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HIDDEN_METADATA = ("name", "namespace", "labels", "annotations", "resourceVersion", "generation", "managedFields")
_KEYS_OF_PEOPLE = ("selector", "matchLabels")
"""Below these are labels, whose keys are no words of a schema."""
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def described(item: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """The text of one object. `extra` is shown like its own fields."""
    metadata = item.get("metadata") or {}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _LAST_APPLIED}
    fields = {
        "Name": metadata.get("name", ""),
        **({"Namespace": metadata["namespace"]} if metadata.get("namespace") else {}),
        "Labels": _pairs(metadata.get("labels") or {}),
        "Annotations": _pairs(annotations),
        "API version": item.get("apiVersion", ""),
        "Kind": item.get("kind", ""),
        **{k: v for k, v in metadata.items() if k not in _HIDDEN_METADATA},
        **{k: v for k, v in item.items() if k not in ("apiVersion", "kind", "metadata")},
        **extra,
    }
    return "\n".join(_fields(fields, 0))


def _pairs(found: Mapping[str, str]) -> Any:  # noqa: ANN401 - lines or one word
    return [f"{key}={value}" for key, value in sorted(found.items())] or "<none>"


def _fields(fields: Mapping[str, Any], depth: int, *, as_is: bool = False) -> Iterator[str]:
    indent = "  " * depth
    titles = {key: key if as_is else _title(key) for key in fields}
    plain = [key for key, value in fields.items() if not isinstance(value, dict | list)]
    width = max((len(titles[key]) for key in plain), default=0) + 3
    for key, value in fields.items():
        title = f"{indent}{titles[key]}:"
        if isinstance(value, dict):
            yield title if value else f"{title} <none>"
            yield from _fields(value, depth + 1, as_is=key in _KEYS_OF_PEOPLE)
        elif isinstance(value, list):
            yield title
            yield from _entries(value, depth + 1)
        else:
            yield f"{title:<{width + len(indent)}}{_plain(value)}"


def _entries(values: list[Any], depth: int) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict):
            first, *rest = _fields(value, depth + 1)
            yield "  " * depth + "- " + first.lstrip()
            yield from rest
        else:
            yield f"{'  ' * depth}{_plain(value)}"


def _title(key: str) -> str:
    """`targetPort` as `Target Port`."""
    return _WORDS.sub(" ", key[:1].upper() + key[1:])


def _plain(value: object) -> str:
    if value is None or value == "":
        return "<none>"
    return str(value).lower() if isinstance(value, bool) else str(value)
