"""May this resource be written to Kubernetes? The same answer as plain machines give, for the same reasons. Pure.

Gateway API routes are shared with others: one that names no parent in the mesh is not ours to judge, and what Hauberk
does not honour in one of ours is a warning, because the route's status tells it too (GEP-1364, GEP-1282).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hauberk.model.kinds import GATEWAY, POLICY
from hauberk.model.parse import ManifestInvalid, parse_manifest, warnings
from hauberk.model.problem import Problem

_OWN = ("name", "namespace", "labels", "annotations")
"""What people say of an object; the rest of its metadata is the API server's."""
_MESH_PARENTS = frozenset({("", "Service"), ("core", "Service"), (POLICY, "Server"), (POLICY, "EgressNetwork")})
_WARNINGS_MAX = 20
_CHARACTERS_MAX = 120
"""Of a warning; the API server may cut longer ones (admission.k8s.io/v1, AdmissionResponse.warnings)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`message` says why not, with every field that is wrong."""

    allowed: bool
    message: str = ""
    warnings: tuple[str, ...] = ()


def validate(document: Mapping[str, Any], *, namespace: str) -> Verdict:
    """Judge an object as it would be written; `namespace` is that of the request."""
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    if group == GATEWAY and not _concerns_the_mesh(document):
        return Verdict(allowed=True)
    metadata = document.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    said = {**document, "metadata": {name: known[name] for name in _OWN if name in known}}
    said.pop("status", None)
    try:
        resource = parse_manifest(said, source=f"{document.get('kind')} {known.get('name', '')}", namespace=namespace)
    except ManifestInvalid as invalid:
        if group == GATEWAY:
            return Verdict(allowed=True, warnings=_told(invalid.problems))
        return Verdict(allowed=False, message="; ".join(map(str, invalid.problems)))
    return Verdict(allowed=True, warnings=_told(warnings(resource)))


def _concerns_the_mesh(document: Mapping[str, Any]) -> bool:
    spec = document.get("spec")
    parents = spec.get("parentRefs") if isinstance(spec, Mapping) else None
    if not isinstance(parents, list):
        return False
    return any(
        isinstance(parent, Mapping) and (parent.get("group", GATEWAY), parent.get("kind", "Gateway")) in _MESH_PARENTS
        for parent in parents
    )


def _told(what: Sequence[Problem | str]) -> tuple[str, ...]:
    return tuple(str(told)[:_CHARACTERS_MAX] for told in what[:_WARNINGS_MAX])
