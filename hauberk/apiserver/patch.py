"""Changing a JSON document by a patch: merge patch (RFC 7396) and JSON patch (RFC 6902).

Pure; the input is not changed.
"""

import copy
from collections.abc import Sequence
from typing import Any

_MAX_OPERATIONS = 10_000
_MAX_INDEX_DIGITS = 9
_TOO_DEEP = "the value is nested too deeply"


class PatchInvalid(Exception):
    """The patch is malformed or does not fit the document; the message says which operation and why."""


def merge_patch(target: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON values
    """Apply RFC 7396: objects merge, null removes, anything else replaces. Raises PatchInvalid."""
    try:
        return _merged(target, patch)
    except RecursionError:
        raise PatchInvalid(_TOO_DEEP) from None


def _merged(target: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON values
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def json_patch(document: Any, operations: Any) -> Any:  # noqa: ANN401 - JSON values
    """Apply the operations of RFC 6902 in order; all of them or, by PatchInvalid, none."""
    if not isinstance(operations, list) or len(operations) > _MAX_OPERATIONS:
        raise PatchInvalid(f"a JSON patch is a list of at most {_MAX_OPERATIONS} operations")
    result = copy.deepcopy(document)
    for number, operation in enumerate(operations):
        try:
            result = _apply(result, operation)
        except PatchInvalid as e:
            raise PatchInvalid(f"operation {number}: {e}") from None
        except RecursionError:
            raise PatchInvalid(f"operation {number}: {_TOO_DEEP}") from None
    return result


def _apply(document: Any, operation: Any) -> Any:  # noqa: ANN401 - JSON values
    if not isinstance(operation, dict):
        raise PatchInvalid("not an object")
    path = _pointer(operation, "path")
    match operation.get("op"):
        case "add":
            return _add(document, path, _value(operation))
        case "remove":
            return _remove(document, path)
        case "replace":
            _find(document, path)
            return _replace(document, path, _value(operation))
        case "move":
            source = _pointer(operation, "from")
            if path[: len(source)] == source and path != source:
                raise PatchInvalid("a value cannot be moved into itself")
            value = _find(document, source)
            return _add(_remove(document, source), path, value)
        case "copy":
            return _add(document, path, copy.deepcopy(_find(document, _pointer(operation, "from"))))
        case "test":
            if not _equal(_find(document, path), _value(operation)):
                raise PatchInvalid(f"test failed at {operation['path']!r}")
            return document
        case other:
            raise PatchInvalid(f"unknown op {other!r}")


def _equal(left: Any, right: Any) -> bool:  # noqa: ANN401 - JSON values
    """Compare by RFC 6902, 4.6: in JSON, unlike in Python, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(v, right[k]) for k, v in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def _value(operation: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON values
    if "value" not in operation:
        raise PatchInvalid("has no value")
    return copy.deepcopy(operation["value"])


def _pointer(operation: dict[str, Any], member: str) -> list[str]:
    """Parse a JSON pointer (RFC 6901)."""
    raw = operation.get(member)
    if not isinstance(raw, str) or (raw and not raw.startswith("/")):
        raise PatchInvalid(f"{member} is not a JSON pointer: {raw!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in raw.split("/")[1:]]


def _find(document: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - JSON values
    for depth, part in enumerate(path):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list):
            document = document[_index(part, len(document) - 1)]
        else:
            raise PatchInvalid(f"there is nothing at /{'/'.join(path[: depth + 1])}")
    return document


def _add(document: Any, path: Sequence[str], value: Any) -> Any:  # noqa: ANN401 - JSON values
    if not path:
        return value
    parent = _find(document, path[:-1])
    if isinstance(parent, dict):
        parent[path[-1]] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if path[-1] == "-" else _index(path[-1], len(parent)), value)
    else:
        raise PatchInvalid(f"/{'/'.join(path[:-1])} is neither an object nor a list")
    return document


def _replace(document: Any, path: Sequence[str], value: Any) -> Any:  # noqa: ANN401 - JSON values
    if not path:
        return value
    parent = _find(document, path[:-1])
    parent[_index(path[-1], len(parent) - 1) if isinstance(parent, list) else path[-1]] = value
    return document


def _remove(document: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - JSON values
    _find(document, path)
    if not path:
        raise PatchInvalid("the whole object cannot be removed by a patch: delete it")
    parent = _find(document, path[:-1])
    del parent[_index(path[-1], len(parent) - 1) if isinstance(parent, list) else path[-1]]
    return document


def _index(part: str, last: int) -> int:
    well_formed = part.isascii() and part.isdecimal() and len(part) <= _MAX_INDEX_DIGITS
    if not well_formed or (part != "0" and part.startswith("0")) or int(part) > last:
        raise PatchInvalid(f"{part!r} is not an index of the list")
    return int(part)
