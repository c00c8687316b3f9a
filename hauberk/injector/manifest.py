"""Manifests in, manifests out: with a proxy, or with the annotations by which their pods get one; and without. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hauberk.injector.asked import DISABLED, ENABLED, INGRESS, INJECT
from hauberk.injector.installation import Installation
from hauberk.injector.outcome import Injected, Operation, Reason, Refused, Skipped
from hauberk.injector.patch import patch
from hauberk.injector.removal import forgotten, removed
from hauberk.injector.subject import Owner, Place, SubjectInvalid, owner_in, read
from hauberk.sidecar import keys

Document = Mapping[str, Any]
Apply = Callable[[Any, Sequence[Operation]], Any]
"""Applies a JSON Patch to a copy."""

_OF_PODS = ("spec", "template")
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", *_OF_PODS),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), _OF_PODS),
}
"""Where the pod is that is made."""


@dataclass(frozen=True)
class Report:
    """What became of one object."""

    name: str
    """As people write it: `deployment "web"`."""
    verb: Literal["injected", "annotated", "uninjected", "skipped", "refused"]
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asks for."""

    installation: Installation
    settings: Mapping[str, str]
    """Annotations."""
    ingress: bool = False
    manual: Apply | None = None
    """Puts the proxy into the manifest; None leaves that to the injector."""


def inject(document: Document, wish: Wish) -> tuple[Document, list[Report]]:
    """The object, changed or as it was, and a report of it, or of each entry where it is a List."""
    return _each(document, lambda item: _injected(item, wish))


def uninject(document: Document) -> tuple[Document, list[Report]]:
    """The opposite: neither the proxy nor any annotation of the mesh is left, but for `linkerd.io/inject: disabled`."""
    return _each(document, _uninjected)


def _each(document: Document, change: Callable[[Document], tuple[Document, Report]]) -> tuple[Document, list[Report]]:
    items = document.get("items")
    if document.get("kind") != "List" or not isinstance(items, list):
        changed, report = _readable(document, change)
        return changed, [report]
    pairs = [_readable(item, change) for item in items]
    return {**document, "items": [item for item, _ in pairs]}, [report for _, report in pairs]


def _readable(item: Any, change: Callable[[Document], tuple[Document, Report]]) -> tuple[Any, Report]:  # noqa: ANN401 - as YAML gives it
    if not isinstance(item, Mapping):
        return item, Report("an entry of the list", "refused", "is not an object")
    try:
        read({"metadata": item.get("metadata")})
    except SubjectInvalid as error:
        return item, Report(str(item.get("kind", "object")).lower(), "refused", str(error))
    return change(item)


def _injected(document: Document, wish: Wish) -> tuple[Document, Report]:
    name, kind = _named(document), document.get("kind")
    if kind == "Namespace":
        word = INGRESS if wish.ingress else ENABLED
        return _annotated(document, {INJECT: word, **wish.settings}), Report(name, "injected")
    if kind == "Service" and keys.OPAQUE_PORTS in wish.settings:
        listed = {keys.OPAQUE_PORTS: wish.settings[keys.OPAQUE_PORTS]}
        return _annotated(document, listed), Report(name, "annotated")
    path = _TEMPLATES.get(str(kind))
    if path is None:
        return document, Report(name, "skipped", "no pods are made of it")
    template = _at(document, path)
    if not isinstance(template, Mapping):
        return document, Report(name, "refused", f"there is no {'.'.join(path)}")
    try:
        said = read(template).annotations.get(INJECT)
    except SubjectInvalid as error:
        return document, Report(name, "refused", str(error))
    place, owner = _place(document, template), _owner(document, template)
    changed, report = _with_proxy(template, said, place, owner, name, wish)
    return _put(document, path, changed), report


def _with_proxy(
    template: Document, said: str | None, place: Place, owner: Owner | None, name: str, wish: Wish
) -> tuple[Document, Report]:
    """`said`: what the template says of a proxy so far."""
    if said == DISABLED:
        return template, Report(name, "skipped", Reason.DISABLED.told)
    word = INGRESS if wish.ingress or said == INGRESS else ENABLED
    asking = _annotated(template, {INJECT: word, **wish.settings})
    match patch(asking, place, owner, wish.installation):
        case Injected(operations=operations, warnings=warnings):
            changed = asking if wish.manual is None else wish.manual(asking, operations)
            return changed, Report(name, "injected", warnings=warnings)
        case Skipped(reason=reason):
            return template, Report(name, "skipped", reason.told)
        case Refused(reasons=reasons):
            return template, Report(name, "refused", "; ".join(reasons))


def _uninjected(document: Document) -> tuple[Document, Report]:
    name, kind = _named(document), document.get("kind")
    path = _TEMPLATES.get(str(kind), () if kind == "Namespace" else None)
    template = None if path is None else _at(document, path)
    if path is None or not isinstance(template, Mapping):
        return document, Report(name, "skipped", "no pods are made of it")
    try:
        read(template)
    except SubjectInvalid as error:
        return document, Report(name, "refused", str(error))
    changed = forgotten(template) if kind == "Namespace" else removed(template)
    if changed == template:
        return document, Report(name, "skipped", "there is nothing of the mesh in it")
    return _put(document, path, changed), Report(name, "uninjected")


def _named(document: Document) -> str:
    metadata = document.get("metadata") or {}
    return f'{str(document.get("kind", "object")).lower()} "{metadata.get("name") or metadata.get("generateName", "")}"'


def _place(document: Document, template: Document) -> Place:
    """A namespace's own annotations are not known here: they count as soon as its pods are made."""
    spaces = [(found.get("metadata") or {}).get("namespace") for found in (document, template)]
    return Place(next((space for space in spaces if space), ""))


def _owner(document: Document, template: Document) -> Owner | None:
    if document is template:
        return owner_in(read(document))
    name = (document.get("metadata") or {}).get("name")
    return Owner(str(document["kind"]), name) if name else None


def _annotated(document: Document, added: Mapping[str, str]) -> dict[str, Any]:
    metadata = document.get("metadata") or {}
    return {
        **document,
        "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), **added}},
    }


def _at(document: Document, path: Sequence[str]) -> object:
    found: object = document
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _put(document: Document, path: Sequence[str], value: Document) -> dict[str, Any]:
    if not path:
        return dict(value)
    return {**document, path[0]: _put(document[path[0]], path[1:], value)}
