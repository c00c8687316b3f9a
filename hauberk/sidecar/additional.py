"""Variables that a person adds to the proxy's own, as a JSON list of Kubernetes' EnvVar. Pure."""

import re
from typing import Any

import msgspec

_MAX = 256
_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]{0,255}")
_SOURCES = frozenset({"fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"})


class Variable(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """A value, or where Kubernetes finds one."""

    name: str
    value: str | None = None
    value_from: dict[str, dict[str, Any]] | None = None


def additional(text: str) -> str:
    """The list in its shortest form. Raises ValueError."""
    return msgspec.json.encode(variables(text)).decode() if text.strip() else ""


def variables(text: str) -> list[Variable]:
    """Raises ValueError."""
    if not text.strip():
        return []
    try:
        found = msgspec.json.decode(text, type=list[Variable])
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"is not a JSON list of variables with name and value: {error}") from None
    if len(found) > _MAX:
        raise ValueError(f"has more than {_MAX} variables")
    for variable in found:
        _check(variable)
    return found


def _check(variable: Variable) -> None:
    if not _NAME.fullmatch(variable.name):
        raise ValueError(f"{variable.name[:64]!r} is not the name of a variable")
    if variable.value_from is None:
        return
    if variable.value:
        raise ValueError(f"{variable.name} has both value and valueFrom")
    if len(variable.value_from) != 1 or not variable.value_from.keys() <= _SOURCES:
        raise ValueError(f"{variable.name}: valueFrom needs one of {', '.join(sorted(_SOURCES))}")
