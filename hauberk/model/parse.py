"""Manifests → resources, strictly: what would mean less here than it says is refused whole, by name. Pure."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from hauberk.model import names
from hauberk.model.defaults import group_parents, with_defaults
from hauberk.model.fields import known
from hauberk.model.kinds import KINDS, Kind, by_kind
from hauberk.model.problem import ManifestInvalid, Problem, Source
from hauberk.model.render import to_dict
from hauberk.model.resource import Resource
from hauberk.model.rules import problems_of
from hauberk.model.warnings import warnings

__all__ = ["ManifestInvalid", "Problem", "Source", "parse_manifest", "to_dict", "warnings"]

_NOT_YET = frozenset(
    {
        "EgressNetwork.policy.linkerd.io",
        "ExternalWorkload.workload.linkerd.io",
        "Gateway.gateway.networking.k8s.io",
        "GatewayClass.gateway.networking.k8s.io",
        "Link.multicluster.linkerd.io",
        "ReferenceGrant.gateway.networking.k8s.io",
        "ServerAuthorization.policy.linkerd.io",
        "ServiceProfile.linkerd.io",
        "TCPRoute.gateway.networking.k8s.io",
        "TLSRoute.gateway.networking.k8s.io",
    }
)
_WRITTEN_BY = {
    "Pod": "start programs with `hauberk run`",
    "EndpointSlice": "they are made from the Pods that a Service selects",
}
_MISMATCH = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "nothing",
    "datetime": "a date and time",
}


def parse_manifest(raw: object, *, source: Source | str, namespace: str = "default") -> Resource:
    """Return the resource that a document describes, with its defaults; raises ManifestInvalid.

    `source` says where the document is from; `namespace` is for objects that name none.
    """
    where = source if isinstance(source, Source) else Source(source)
    if not isinstance(raw, Mapping):
        raise ManifestInvalid(where, (Problem("", "is not an object: it needs apiVersion, kind and metadata"),))
    kind = _kind(raw, where)
    name = _name(raw)
    subject = f"{kind.kind} {name}" if name else kind.kind
    found: list[Problem] = []
    fields = known(raw, kind.struct, "", found.append)
    if found:
        raise ManifestInvalid(where, tuple(found), subject=subject)
    if kind.kind == "HTTPRoute":
        group_parents(fields, kind.group)
    try:
        resource = msgspec.convert(fields, kind.struct)
    except msgspec.ValidationError as error:
        raise ManifestInvalid(where, (_mistyped(str(error)),), subject=subject) from None
    resource = with_defaults(_placed(resource, kind, namespace))
    problems = tuple(problems_of(resource, kind))
    if problems:
        raise ManifestInvalid(where, problems, subject=subject)
    return resource


def _kind(raw: Mapping[Any, Any], where: Source) -> Kind:
    api_version, word = raw.get("apiVersion"), raw.get("kind")
    for field, value in (("apiVersion", api_version), ("kind", word)):
        if value is None:
            raise ManifestInvalid(where, (Problem(field, "is required"),))
        if not isinstance(value, str):
            raise ManifestInvalid(where, (Problem(field, "is not a string"),))
    group, _, version = str(api_version).rpartition("/")
    kind = by_kind(group, str(word))
    if kind is None:
        raise ManifestInvalid(where, (_unsupported(group, str(word)),), subject=_name(raw) and f"{word} {_name(raw)}")
    if version not in kind.versions:
        served = ", ".join(kind.versions)
        problem = Problem("apiVersion", f"{kind.kind} is not served in version {version!r}", f"served: {served}")
        raise ManifestInvalid(where, (problem,), subject=_name(raw) and f"{word} {_name(raw)}")
    if not kind.writable:
        problem = Problem("kind", f"{kind.plural} are not written by hand", _WRITTEN_BY[kind.kind])
        raise ManifestInvalid(where, (problem,), subject=_name(raw) and f"{word} {_name(raw)}")
    return kind


def _unsupported(group: str, word: str) -> Problem:
    elsewhere = [kind.api_version for kind in KINDS if kind.kind == word]
    if elsewhere:
        return Problem("apiVersion", f"{word} is not of group {group!r}", f"write {' or '.join(elsewhere)}")
    qualified = f"{word}.{group}" if group else word
    if qualified in _NOT_YET:
        return names.not_yet("kind", qualified)
    served = ", ".join(dict.fromkeys(kind.kind for kind in KINDS if kind.writable))
    return Problem("kind", f"{qualified} is not supported", f"supported: {served}")


def _name(raw: Mapping[Any, Any]) -> str:
    metadata = raw.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else ""


def _placed(resource: Resource, kind: Kind, namespace: str) -> Resource:
    if not kind.namespaced or resource.metadata.namespace:
        return resource
    return msgspec.structs.replace(resource, metadata=msgspec.structs.replace(resource.metadata, namespace=namespace))


def _mistyped(message: str) -> Problem:
    """The message of msgspec, with the path as people write it."""
    text, _, place = message.partition(" - at `")
    field = place.rstrip("`").removeprefix("key in `").removeprefix("$").lstrip(".")
    missing = re.fullmatch(r"Object missing required field `(.+)`", text)
    if missing is not None:
        return Problem(f"{field}.{missing[1]}" if field else missing[1], "is required")
    wrong = _MISMATCH.fullmatch(text)
    if wrong is None:
        return Problem(field, text[:1].lower() + text[1:])
    wanted = " or ".join(
        _WORDS.get(word.strip(), word.strip()) for word in wrong["wanted"].split("|") if "null" not in word
    )
    got = _WORDS.get(wrong["got"], wrong["got"])
    quotes = "str" in wrong["wanted"] and wrong["got"] in ("int", "float", "bool")
    return Problem(field, f"must be {wanted}, and is {got}", "put it in quotes" if quotes else "")
