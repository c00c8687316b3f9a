"""Templates → the objects of one installation. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hauberk import __version__
from hauberk.config.chart import Image, Resources, Values
from hauberk.install.overriding import overrides, plain, written
from hauberk.install.template import (
    Condition,
    Derived,
    Each,
    Fields,
    Items,
    Node,
    Plain,
    Reference,
    TemplateInvalid,
    Text,
    When,
    is_list,
)

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What is installed, and where."""

    namespace: str
    values: Values
    version: str = __version__
    created_by: str = f"hauberk/cli {__version__}"


class _Absent:
    """What is left out."""


def render(templates: Mapping[str, list[Node]], installation: Installation) -> list[Document]:
    """The objects, in the order of the files. Raises TemplateInvalid."""
    scope = {
        **plain(installation.values),
        "namespace": installation.namespace,
        "version": installation.version,
        "createdBy": installation.created_by,
        "values": written(plain(installation.values)),
        "overrides": written(overrides(installation.values)),
    }
    made = (_made(node, scope) for nodes in templates.values() for node in nodes)
    return [document for document in made if not isinstance(document, _Absent)]


def image_of(image: Image, version: str) -> str:
    """A reference that can be pulled; `version` is for one that has none."""
    if "@" in image.name or ":" in image.name.rpartition("/")[2]:
        return image.name
    return f"{image.name}:{image.version or version}"


def resources_of(resources: Resources) -> dict[str, dict[str, str]]:
    """As a container has them."""
    named = {"cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": resources.ephemeral_storage}
    requests = {name: amount.request for name, amount in named.items() if amount.request}
    limits = {name: amount.limit for name, amount in named.items() if amount.limit}
    return {kind: found for kind, found in (("requests", requests), ("limits", limits)) if found}


def looked_up(scope: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any value
    """Raises TemplateInvalid."""
    found: Any = scope
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            raise TemplateInvalid(f"there is no value {path}")
        found = found[name]
    return found


def _made(node: Node, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value
    match node:
        case Plain(value=value):
            return value
        case Reference():
            return _referred(node, scope)
        case Text(parts=parts):
            return "".join(part if isinstance(part, str) else _written(_referred(part, scope)) for part in parts)
        case Derived():
            return _derived(node, scope)
        case When(test=test, then=then, otherwise=otherwise):
            branch = then if _holds(test, scope) else otherwise
            return _Absent() if branch is None else _made(branch, scope)
        case Each():
            return list(_repeated(node, scope))
        case Fields(entries=entries, taken_in=taken_in):
            made = ((key, _made(entry, scope)) for key, entry in entries.items())
            taken = {} if taken_in is None else _referred(taken_in, scope)
            return {**taken, **{key: value for key, value in made if not isinstance(value, _Absent)}}
        case Items(items=items):
            return list(_entries(items, scope))


def _derived(node: Derived, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value
    value = looked_up(scope, node.of)
    if node.what == "image":
        return image_of(msgspec.convert(value, Image), scope["version"])
    return resources_of(msgspec.convert(value, Resources))


def _repeated(node: Each, scope: Mapping[str, Any]) -> Iterator[Any]:
    for entry in _referred(node.of, scope):
        yield _made(node.do, {**scope, node.name: entry})


def _entries(items: tuple[Node, ...], scope: Mapping[str, Any]) -> Iterator[Any]:
    for item in items:
        made = _made(item, scope)
        if isinstance(made, _Absent):
            continue
        if is_list(item):
            yield from made
        else:
            yield made


def _referred(reference: Reference, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value
    found = [looked_up(scope, path) for path in reference.paths]
    return next((value for value in found if value), found[-1])


def _holds(test: Condition, scope: Mapping[str, Any]) -> bool:
    found = looked_up(scope, test.path)
    return (bool(found) if test.word is None else found == test.word) is not test.negated


def _written(value: Any) -> str:  # noqa: ANN401 - any value
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
