"""What there is in a cluster, as far as an installation is concerned. Every function raises ApiError."""

from collections.abc import Iterable
from typing import Any

from hauberk.client import kinds
from hauberk.client.api import Client, Selector
from hauberk.client.errors import NotFound
from hauberk.client.kinds import OtherKind
from hauberk.install.judging import Cluster
from hauberk.install.objects import CONFIG, MADE, NAMESPACE, NAMESPACE_LABEL, RENDERED, namespaces_of

POD = OtherKind("", "v1", "Pod", "pods")


async def cluster(client: Client, needed_crds: Iterable[str]) -> Cluster:
    configs = await client.list(kinds.CONFIG_MAP, selector=Selector(fields=f"metadata.name={CONFIG}"))
    injecting = await client.list(kinds.MUTATING_WEBHOOK_CONFIGURATION)
    there = await client.list(kinds.CUSTOM_RESOURCE_DEFINITION)
    names = {item["metadata"]["name"] for item in there.items}
    return Cluster(
        configs=configs.items,
        injecting=injecting.items,
        missing_crds=tuple(name for name in needed_crds if name not in names),
    )


async def config(client: Client, namespace: str) -> dict[str, Any] | None:
    """The ConfigMap `linkerd-config`; None where nothing is installed."""
    try:
        found = await client.get(kinds.CONFIG_MAP, CONFIG, namespace=namespace)
    except NotFound:
        return None
    return {"apiVersion": "v1", "kind": "ConfigMap", **found}


async def installed(client: Client, namespace: str) -> list[dict[str, Any]]:
    """What has the installation's label, of the kinds that are rendered; in the order in which those are applied."""
    return await _labelled(client, namespace, RENDERED)


async def made(client: Client, namespace: str) -> list[dict[str, Any]]:
    """What the control plane made for itself."""
    return await _labelled(client, namespace, MADE)


async def pods(client: Client, namespace: str) -> list[dict[str, Any]]:
    """All pods of the mesh, the control plane's among them."""
    listed = await client.list(POD, selector=_labelled_with(namespace))
    return list(listed.items)


async def _labelled(client: Client, namespace: str, wanted: Iterable[OtherKind]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    ours = namespaces_of(namespace)
    for kind in wanted:
        # Others may have the label as well: what is ours and has a namespace is in one of those.
        for where in ours if kind.namespaced else (None,):
            listed = await client.list(kind, namespace=where, selector=_labelled_with(namespace))
            found += [item for item in listed.items if kind is not NAMESPACE or item["metadata"]["name"] in ours]
    return found


def _labelled_with(namespace: str) -> Selector:
    return Selector(labels=f"{NAMESPACE_LABEL}={namespace}")
