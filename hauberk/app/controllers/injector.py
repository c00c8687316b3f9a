"""The injector: puts proxies beside programs, when the API server asks."""

import asyncio
import logging
import os
from contextlib import AsyncExitStack

from hauberk.app.controllers import cluster
from hauberk.app.controllers.admin import Admin
from hauberk.app.controllers.events import Events
from hauberk.app.controllers.installing import Installing
from hauberk.app.controllers.places import Places
from hauberk.app.controllers.webhook import webhook
from hauberk.client.vault import ClusterVault
from hauberk.config.controller import Controller
from hauberk.config.names import cluster_wide
from hauberk.injector.metrics import Metrics
from hauberk.injector.server import Injector
from hauberk.runtime.clock import SystemClock
from hauberk.runtime.tasks import spawn
from hauberk.webhook.keeper import Served

COMPONENT = "proxy-injector"
NAME = "linkerd-proxy-injector"

log = logging.getLogger(__name__)


async def injector(settings: Controller, admin: Admin) -> None:
    """Serve until cancelled. Raises StartFailed."""
    clock, namespace = SystemClock(), settings.mesh.namespace
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(cluster.connected())
        group = await stack.enter_async_context(asyncio.TaskGroup())
        vault = ClusterVault(client, namespace)
        places = Places(client)
        spawn(group, places.run(), name="namespaces")
        events = Events(client, reporter=f"linkerd.io/{COMPONENT}", instance=os.uname().nodename, clock=clock)
        spawn(group, events.run(), name="events")
        installing = Installing(vault, namespace)
        spawn(group, installing.run(), name="installation")
        metrics = Metrics()
        admin.expose(metrics.lines)
        await installing.ready()

        subject = Injector(installing.latest, places, events, metrics)
        served = Served(
            names=[f"{NAME}.{namespace}.svc", f"{NAME}.{namespace}.svc.{settings.mesh.cluster_domain}"],
            secret=f"{NAME}-k8s-tls",
            kind="MutatingWebhookConfiguration",
            configuration=cluster_wide(COMPONENT, namespace),
        )
        await webhook(
            vault,
            served,
            subject.ask,
            port=settings.webhook_port,
            labels=cluster.labels(COMPONENT, namespace),
            clock=clock,
            opened=lambda: _opened(admin),
        )


def _opened(admin: Admin) -> None:
    admin.ready = True
    log.info("pods are given their proxies")
