"""The destination controller: where everyone is, and who may talk to whom."""

import asyncio
import logging
from contextlib import AsyncExitStack
from random import SystemRandom

from hauberk.app.controllers import cluster
from hauberk.app.controllers.admin import Admin
from hauberk.app.controllers.groups import catalog_mesh
from hauberk.app.proxy_api import ProxyApi, serving
from hauberk.catalog.feed import Feed
from hauberk.config.controller import Controller
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.tasks import spawn

log = logging.getLogger(__name__)


async def destination(settings: Controller, admin: Admin) -> None:
    """Serve until cancelled. Raises StartFailed."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(cluster.connected())
        store = await stack.enter_async_context(cluster.opened(client))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        feed = Feed(store, Backoff(0.1, 5.0, 0.2, SystemRandom()))
        spawn(group, feed.run(), name="feed")
        await feed.ready()
        proxy_api = ProxyApi(catalog_mesh(settings), feed.latest, settings.streams)
        spawn(group, proxy_api.run(), name="views")
        await stack.enter_async_context(serving(proxy_api.services, settings.proxy_socket, shared=True))
        admin.ready = True
        log.info("proxies are answered")
        await asyncio.Event().wait()
