"""Stores and catalogs that follow a test's API server."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from random import SystemRandom

from hauberk.catalog.feed import Feed
from hauberk.client.api import Client
from hauberk.model.kinds import Kind, kind_named
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.tasks import spawn
from hauberk.store.kubernetes import KubernetesStore

SERVICE = kind_named("", "Service")
SERVER = kind_named("policy.linkerd.io", "Server")
NETWORK = kind_named("policy.linkerd.io", "NetworkAuthentication")
POLICY_ROUTE = kind_named("policy.linkerd.io", "HTTPRoute")
UNKNOWN_S = 0.2


@asynccontextmanager
async def following(client: Client, *kinds: Kind) -> AsyncIterator[KubernetesStore]:
    async with asyncio.TaskGroup() as group:
        store = await KubernetesStore.open(client, kinds, rng=SystemRandom(), unknown_s=UNKNOWN_S)
        running = spawn(group, store.run(), name="store")
        yield store
        await store.close()
        await running


@asynccontextmanager
async def cataloguing(store: KubernetesStore) -> AsyncIterator[Feed]:
    """Returns when the catalog is complete."""
    async with asyncio.TaskGroup() as group:
        feed = Feed(store, Backoff(0.05, 0.5, 0.2, SystemRandom()))
        running = spawn(group, feed.run(), name="feed")
        await feed.ready()
        yield feed
        running.cancel()


async def names(store: KubernetesStore, kind: Kind) -> Collection[str]:
    return {item.metadata.name for item in (await store.list(kind)).items}
