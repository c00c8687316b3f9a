"""The object in the body of a request: parsed, and held against what the path names. Pure."""

from collections.abc import Mapping
from typing import Any

from hauberk.apiserver.status import Cause, bad_request, invalid
from hauberk.apiserver.target import Target
from hauberk.model.kinds import Resource
from hauberk.model.parse import ManifestInvalid, Problem, parse_manifest

_SOURCE = "body"


def parse(raw: object, target: Target) -> Resource:
    """Return the resource that a request wants to write.

    Raises Refused: 400 where the body is about something else than the path, 422 where it makes no sense.
    """
    if not isinstance(raw, Mapping):
        raise bad_request("the body has to be, or a patch has to leave, a JSON object")
    if target.kind.namespaced and target.namespace is None:
        raise bad_request(f"name the namespace in the path: {target.kind.plural} are written to one namespace")
    for field, expected in (("apiVersion", target.api_version), ("kind", target.kind.kind)):
        if raw.get(field, expected) != expected:
            raise bad_request(f"{field} is {raw[field]!r}, and the path is that of {expected}")
    # As in Kubernetes, what the path says already may be left out of the body.
    complete = {**raw, "apiVersion": target.api_version, "kind": target.kind.kind}
    try:
        resource = parse_manifest(complete, source=_SOURCE, namespace=target.namespace or "")
    except ManifestInvalid as e:
        causes = [Cause(problem.field, _text(problem)) for problem in e.problems]
        raise invalid(target.kind.kind, _name(raw), causes, group=target.kind.group) from None
    meta = resource.metadata
    if target.name is not None and meta.name != target.name:
        raise bad_request(f"metadata.name is {meta.name!r}, and the path names {target.name!r}")
    if meta.namespace != (target.namespace or ""):
        raise bad_request(f"metadata.namespace is {meta.namespace!r}, and the path names {target.namespace!r}")
    return resource


def _text(problem: Problem) -> str:
    return f"{problem.reason} ({problem.hint})" if problem.hint else problem.reason


def _name(raw: Mapping[Any, Any]) -> str:
    metadata = raw.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else ""
