"""What is in a cluster, and how it is emptied."""

import asyncio
from collections.abc import Collection

from hauberk.client import paths
from hauberk.client.api import Client
from hauberk.client.errors import NotFound
from hauberk.client.kinds import ApiKind
from hauberk.model.kinds import kind_named

NAMESPACE = kind_named("", "Namespace")
_ITS_OWN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_AT_ONCE = 50


async def make_namespace(client: Client, name: str) -> None:
    await client.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


async def empty(client: Client, kinds: Collection[ApiKind]) -> None:
    """Delete all objects of these kinds."""
    for kind in kinds:
        await _delete_all(client, kind)


async def end_namespaces(client: Client, *, keep: Collection[str] = ()) -> None:
    """Delete the namespaces that tests made, but for those in `keep`. They have to be empty."""
    for namespace in (await client.list(NAMESPACE)).items:
        name = namespace["metadata"]["name"]
        if name not in _ITS_OWN and name not in keep:
            await _end_namespace(client, name)


async def _delete_all(client: Client, kind: ApiKind) -> None:
    try:
        items = (await client.list(kind)).items
    except NotFound:
        return
    places = asyncio.Semaphore(_AT_ONCE)

    async def delete(name: str, namespace: str | None) -> None:
        async with places:
            await client.delete(kind, name, namespace=namespace)

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(delete(item["metadata"]["name"], item["metadata"].get("namespace")))


async def _end_namespace(client: Client, name: str) -> None:
    """Without the controller that would do it, an empty namespace ends when its finalizer is taken away."""
    await client.delete(NAMESPACE, name)
    document = await client.get(NAMESPACE, name)
    document["spec"] = {"finalizers": []}
    path = paths.item(NAMESPACE, name, subresource="finalize")
    await client._transport.request("PUT", path, body=document)
