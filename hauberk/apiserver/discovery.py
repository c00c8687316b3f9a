"""The documents by which clients learn what is served (`/api`, `/apis`, `/version` and below). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from hauberk import __version__
from hauberk.enrollment.request import API_VERSION, KIND
from hauberk.model.kinds import KINDS, Kind

KUBERNETES_MINOR = 31
"""The Kubernetes release whose conventions are followed; clients compare themselves with it."""

_ENROLLMENT_GROUP, _, _ENROLLMENT_VERSION = API_VERSION.partition("/")
_ENROLLMENT = {
    "name": "enrollments",
    "singularName": "enrollment",
    "namespaced": True,
    "kind": KIND,
    "verbs": ["create"],
}
_SUBRESOURCES: Mapping[str, Sequence[tuple[str, str, Sequence[str]]]] = {
    "Namespace": [("status", "Namespace", ("get", "patch", "update"))],
    "Pod": [("status", "Pod", ("get", "patch", "update"))],
    "ServiceAccount": [("token", "TokenRequest", ("create",))],
    "HTTPRoute": [("status", "HTTPRoute", ("get", "patch", "update"))],
    "GRPCRoute": [("status", "GRPCRoute", ("get", "patch", "update"))],
    "HTTPLocalRateLimitPolicy": [("status", "HTTPLocalRateLimitPolicy", ("get", "patch", "update"))],
    "Service": [("status", "Service", ("get", "patch", "update"))],
}
_SERVED = tuple(kind for kind in KINDS if kind.on_machines)
_ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def version() -> dict[str, str]:
    return {
        "major": "1",
        "minor": str(KUBERNETES_MINOR),
        "gitVersion": f"v1.{KUBERNETES_MINOR}.0+hauberk-{__version__}",
        "platform": "linux",
    }


def core_versions() -> dict[str, Any]:
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list() -> dict[str, Any]:
    groups = [_group(name, versions) for name, versions in _groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(name: str) -> dict[str, Any] | None:
    versions = _groups().get(name) if name else None
    return None if versions is None else {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def resource_list(group_name: str, group_version: str) -> dict[str, Any] | None:
    """Return what is served in one version of a group (the core group is ""), or None if nothing is."""
    if group_version not in _groups().get(group_name, ()):
        return None
    resources: list[dict[str, Any]] = []
    for kind in _SERVED:
        if kind.group == group_name and group_version in kind.versions:
            resources += _resources(kind)
    if group_name == _ENROLLMENT_GROUP:
        resources.append(_ENROLLMENT)
    api_version = f"{group_name}/{group_version}" if group_name else group_version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}


def _groups() -> Mapping[str, Sequence[str]]:
    """Return the versions of each group, the preferred one first."""
    groups: dict[str, list[str]] = {_ENROLLMENT_GROUP: [_ENROLLMENT_VERSION]}
    for kind in _SERVED:
        versions = groups.setdefault(kind.group, [])
        versions += [version for version in kind.versions if version not in versions]
    return groups


def _group(name: str, versions: Sequence[str]) -> dict[str, Any]:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def _resources(kind: Kind) -> list[dict[str, Any]]:
    verbs = [verb for verb in _ALL_VERBS if kind.namespaced or verb != "deletecollection"]
    if not kind.writable:
        verbs = ["get", "list", "watch"]
    if kind.kind == "Pod":
        verbs = ["delete", "get", "list", "watch"]
    entry: dict[str, Any] = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": verbs,
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.group == "policy.linkerd.io":
        entry["categories"] = ["policy"]
    subresources = [
        {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": subkind,
            "verbs": list(subverbs),
        }
        for name, subkind, subverbs in _SUBRESOURCES.get(kind.kind, ())
    ]
    return [entry, *subresources]
