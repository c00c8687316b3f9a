"""The destination controller: where everyone is, and who may talk to whom."""

import asyncio
import gc
import logging
import os
from contextlib import AsyncExitStack
from random import SystemRandom

from hauberk.app.calls import Calls
from hauberk.app.controllers import cluster
from hauberk.app.controllers.admin import Admin
from hauberk.app.controllers.figures import Figures
from hauberk.app.controllers.lease import Leader
from hauberk.app.controllers.statuses import ClusterLease, Statuses
from hauberk.app.controllers.validating import ask
from hauberk.app.controllers.webhook import webhook
from hauberk.app.failure import StartFailed
from hauberk.app.groups import catalog_mesh
from hauberk.app.proxy_api import ProxyApi, serving
from hauberk.catalog.feed import Feed
from hauberk.catalog.kinds import KINDS
from hauberk.client.api import Client
from hauberk.client.vault import ClusterVault
from hauberk.config.controller import Controller
from hauberk.config.names import cluster_wide
from hauberk.model.kinds import kind_named
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.clock import SystemClock
from hauberk.runtime.tasks import spawn
from hauberk.store.kubernetes import KubernetesStore
from hauberk.store.protocol import StoreUnavailable
from hauberk.webhook.keeper import Served

COMPONENT = "destination"
VALIDATOR = "linkerd-policy-validator"

log = logging.getLogger(__name__)


async def destination(settings: Controller, admin: Admin) -> None:
    """Serve until cancelled. Raises StartFailed."""
    clock, namespace = SystemClock(), settings.mesh.namespace
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(cluster.connected())
        store = await opened(client)
        stack.push_async_callback(store.close)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        spawn(group, store.run(), name="store")
        feed = Feed(store, Backoff(0.1, 5.0, 0.2, SystemRandom()))
        spawn(group, feed.run(), name="feed")
        await feed.ready()
        settled()
        mesh = catalog_mesh(settings.mesh, settings.cluster_networks)
        proxy_api = ProxyApi(mesh, feed.latest, settings.streams)
        spawn(group, proxy_api.run(), name="views")
        calls = Calls()
        await stack.enter_async_context(serving(proxy_api.services, settings.proxy_socket, shared=True, calls=calls))
        validator = webhook(
            ClusterVault(client, namespace),
            validator_of(namespace, settings.mesh.cluster_domain),
            ask,
            port=settings.webhook_port,
            labels=cluster.labels(COMPONENT, namespace),
            clock=clock,
        )
        statuses = Statuses(store, mesh, feed.latest, clock=clock)
        lease = ClusterLease(ClusterVault(client, namespace), cluster.labels(COMPONENT, namespace))
        leader = Leader(lease, os.uname().nodename, clock=clock)
        spawn(group, leader.run(statuses.run), name="statuses")
        admin.expose(Figures(store, proxy_api, calls, statuses, leader).lines)
        # Proxies are answered whether the webhook can be or not.
        spawn(group, validator, name="validator")
        admin.ready = True
        log.info("proxies are answered")
        await asyncio.Event().wait()


async def opened(client: Client) -> KubernetesStore:
    """Of the kinds that the catalog needs. Raises StartFailed."""
    try:
        return await KubernetesStore.open(client, [kind_named(group, kind) for group, kind in KINDS])
    except StoreUnavailable as error:
        raise StartFailed(error.why, hint=error.hint) from error


def settled() -> None:
    """What was listed stays, so the collector of cycles need not go through it again and again.

    To go through 20,000 objects stops all answers for a third of a second. What is replaced later goes all the same,
    by its references: resources have no cycles.
    """
    gc.collect()
    gc.freeze()


def validator_of(namespace: str, domain: str) -> Served:
    """The names that the chart gives to the validating webhook."""
    return Served(
        names=[f"{VALIDATOR}.{namespace}.svc", f"{VALIDATOR}.{namespace}.svc.{domain}"],
        secret=f"{VALIDATOR}-k8s-tls",
        kind="ValidatingWebhookConfiguration",
        configuration=cluster_wide("policy-validator", namespace),
    )
