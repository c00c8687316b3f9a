"""A pod, or the template of one, without its proxy and all that was said about it. Pure."""

from collections.abc import Mapping
from typing import Any

from hauberk.injector.asked import DISABLED, INJECT, REDIRECT, VALIDATOR
from hauberk.injector.containers import DEBUG
from hauberk.injector.notes import MESH_LABEL, OWNER_KINDS, WORKLOAD_LABEL
from hauberk.injector.subject import PROXY
from hauberk.injector.volumes import NAMES

_CONTAINERS = frozenset({PROXY, REDIRECT, VALIDATOR, DEBUG})
_LABELS = {MESH_LABEL, WORKLOAD_LABEL, *(f"linkerd.io/proxy-{kind.lower()}" for kind in OWNER_KINDS)}
_ANNOTATIONS = ("linkerd.io/", "config.linkerd.io/", "config.beta.linkerd.io/", "config.alpha.linkerd.io/")


def removed(template: Mapping[str, Any]) -> dict[str, Any]:
    """Equal to the template where there is nothing to remove. It has to be one that can be read as a pod."""
    found = forgotten(template)
    if not found.get("spec"):
        return found
    spec = dict(found["spec"])
    for member, names in (("containers", _CONTAINERS), ("initContainers", _CONTAINERS), ("volumes", NAMES)):
        _leave(spec, member, [entry for entry in spec.get(member) or () if entry.get("name") not in names])
    return {**found, "spec": spec}


def forgotten(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without labels and annotations of the mesh; a no to a proxy stays."""
    if not document.get("metadata"):
        return dict(document)
    metadata = dict(document["metadata"])
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    _leave(metadata, "labels", {key: value for key, value in labels.items() if key not in _LABELS})
    _leave(metadata, "annotations", {key: value for key, value in annotations.items() if _stays(key, value)})
    return {**document, "metadata": metadata}


def _stays(key: str, value: str) -> bool:
    return not key.startswith(_ANNOTATIONS) or (key, value) == (INJECT, DISABLED)


def _leave(parent: dict[str, Any], member: str, left: object) -> None:
    """What became empty is left out, as it was before there was anything in it."""
    if left:
        parent[member] = left
    elif parent.get(member):
        del parent[member]
