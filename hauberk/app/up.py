"""`hauberk up`: the control plane of this machine, from the first file to the last.

    code = asyncio.run(up(load(os.environ, flags, uid=os.geteuid()), announce=click.echo))

What is started later ends earlier; a signal ends the life of everything by cancelling it.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from random import SystemRandom

from hauberk.apiserver.namespaces import Namespaces
from hauberk.app import resource_api
from hauberk.app.authority import authority_child, described
from hauberk.app.failure import StartFailed
from hauberk.app.fronting import fronted
from hauberk.app.groups import CONTROL_ACCOUNT, authority_spec, catalog_mesh, enrollment_mesh
from hauberk.app.opening import established, listening, opened, running, token_key
from hauberk.app.proxy_api import ProxyApi, serving
from hauberk.catalog.feed import Feed
from hauberk.config.groups import Config
from hauberk.enrollment.lease import Leases
from hauberk.enrollment.registrar import Registrar
from hauberk.enrollment.slicing import Slicing
from hauberk.enrollment.sweep import Sweep
from hauberk.identity.registered import Registered
from hauberk.identity.server import Identity
from hauberk.identity.signer import Signer
from hauberk.identity.tokens import Tokens
from hauberk.runtime import logs
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.clock import Clock, SystemClock
from hauberk.runtime.failures import flat
from hauberk.runtime.shutdown import on_signal
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import StoreCorrupt

log = logging.getLogger(__name__)

REMOVAL_LEASES = 6
"""A workload that was silent for so many leases more is taken for gone."""

Announce = Callable[[str], None]


async def up(settings: Config, *, announce: Announce, environ: Mapping[str, str] = os.environ) -> int:
    """Run the control plane until SIGTERM or SIGINT; `announce` is told, once, that everything serves.

    Returns the exit code: 0 after a signal, 1 if it could not start or its store is damaged, which is then said on
    standard error.
    """
    logs.begin(settings.log_level)
    code = 0
    try:
        with on_signal() as asked:
            async with asyncio.TaskGroup() as group:
                life = spawn(group, _live(settings, announce, environ, SystemClock()), name="control-plane")
                await asked.wait()
                log.info("stopping")
                life.cancel()
    except* StartFailed as failed:
        for failure in flat(failed):
            sys.stderr.write(f"error: {failure}\nhint: {failure.hint}\n")
        code = 1
    except* StoreCorrupt as corrupt:
        # Found while running: nothing more may be acknowledged. All who met it say the same.
        damage = next(flat(corrupt))
        sys.stderr.write(f"error: the store {damage.path} is damaged ({damage.why})\nhint: {damage.hint}\n")
        code = 1
    return code


async def _live(config: Config, announce: Announce, environ: Mapping[str, str], clock: Clock) -> None:
    began = clock.monotonic()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened(config.paths.database, clock))
        tokens = Tokens(token_key(config.paths.token_key))
        api_socket = stack.enter_context(listening(config.paths.socket))
        authority_socket = stack.enter_context(listening(config.paths.authority_socket))
        group = await stack.enter_async_context(asyncio.TaskGroup())

        authority = authority_child(authority_spec(config), authority_socket, clock=clock)
        await stack.enter_async_context(running(group, authority.run(), name="authority"))
        signer = Signer(config.paths.authority_socket)

        namespaces = Namespaces(store, mesh_namespace=config.mesh.namespace, mesh_accounts=(CONTROL_ACCOUNT,))
        await established(namespaces)
        feed = Feed(store, Backoff(0.1, 5.0, 0.2, SystemRandom()))
        spawn(group, feed.run(), name="feed")
        spawn(group, Slicing(store).run(), name="endpointslices")
        await feed.ready()

        mesh = catalog_mesh(config.mesh, config.network.cluster_networks)
        identity = Identity(mesh, Registered(mesh, feed.latest, tokens, clock=clock), signer)
        proxy_api = ProxyApi(mesh, feed.latest, config.streams)
        spawn(group, proxy_api.run(), name="views")

        anchors = (await described(authority, signer)).trust_anchors
        lease_s = config.enrollment.lease.total_seconds()
        leases = Leases(duration_s=lease_s, removal_s=REMOVAL_LEASES * lease_s)
        spawn(group, Sweep(store, leases, clock=clock, lease_s=round(lease_s)).run(), name="leases")
        registrar = Registrar(
            store,
            enrollment_mesh(config),
            owner_uid=os.geteuid(),
            clock=clock,
            leases=leases,
            tokens=tokens,
            trust_anchors=lambda: anchors,
            rng=SystemRandom(),
        )
        await stack.enter_async_context(serving([*proxy_api.services, identity], config.paths.proxy_socket))
        await stack.enter_async_context(
            resource_api.serving(
                api_socket,
                store,
                registrar,
                namespaces,
                service_network=config.network.service_network,
                owner_uid=os.geteuid(),
                clock=clock,
            )
        )
        await stack.enter_async_context(fronted(group, config, anchors, environ, tokens, clock))
        announce(f"ready in {round((clock.monotonic() - began) * 1000)} ms: resources at {config.paths.socket}")
        await asyncio.Event().wait()
