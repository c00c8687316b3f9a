"""CustomResourceDefinitions, installed and taken away."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from apikit.until import until
from hauberk.client.api import Client
from hauberk.client.errors import NotFound
from hauberk.client.kinds import CUSTOM_RESOURCE_DEFINITION
from hauberk.model.kinds import Kind

OURS = Path(__file__).parents[3] / "deploy" / "crds"


def ours() -> list[dict[str, Any]]:
    """The definitions that are shipped."""
    return [yaml.safe_load(path.read_text()) for path in sorted(OURS.glob("*.yaml"))]


async def install(client: Client, documents: Sequence[dict[str, Any]]) -> None:
    """Returns when all are Established."""
    for document in documents:
        await client.create(CUSTOM_RESOURCE_DEFINITION, document)
    for document in documents:
        await until(partial(_is_established, client, document["metadata"]["name"]))


async def remove(client: Client, name: str) -> None:
    """Returns when it is gone, with all objects of the kind."""
    await client.delete(CUSTOM_RESOURCE_DEFINITION, name)
    await until(partial(_is_gone, client, name))


async def _is_gone(client: Client, name: str) -> bool:
    try:
        await client.get(CUSTOM_RESOURCE_DEFINITION, name)
    except NotFound:
        return True
    return False


async def _is_established(client: Client, name: str) -> bool:
    document = await client.get(CUSTOM_RESOURCE_DEFINITION, name)
    conditions = document.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def stand_in(kind: Kind) -> dict[str, Any]:
    """A definition without a schema, for a kind whose own definition somebody else ships (the Gateway API)."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [
        {
            "name": version,
            "served": True,
            "storage": version == kind.versions[0],
            "schema": schema,
            "subresources": {"status": {}},
        }
        for version in kind.versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": kind.qualified,
            "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in for a test"},
        },
        "spec": {
            "group": kind.group,
            "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": versions,
        },
    }
