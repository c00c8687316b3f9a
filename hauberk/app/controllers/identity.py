"""The identity controller: root and issuer in the cluster, the authority beside it, and the service `Identity`."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from hauberk.app.authority import authority_child, described
from hauberk.app.controllers import cluster
from hauberk.app.controllers.admin import Admin
from hauberk.app.controllers.groups import authority_spec, lifetimes
from hauberk.app.groups import catalog_mesh
from hauberk.app.opening import listening, running
from hauberk.app.proxy_api import serving
from hauberk.client.vault import ClusterVault
from hauberk.config.controller import Controller
from hauberk.identity.keeper import Keeper, Scheme
from hauberk.identity.reviewed import Reviewed
from hauberk.identity.server import Identity
from hauberk.identity.signer import AuthorityUnavailable, Signer
from hauberk.runtime.clock import Clock, SystemClock
from hauberk.runtime.tasks import spawn

COMPONENT = "identity"
_EXPIRY_INTERVAL_S = 15.0

log = logging.getLogger(__name__)


async def identity(settings: Controller, admin: Admin) -> None:
    """Serve until cancelled. Raises StartFailed."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(cluster.connected())
        authority_socket = stack.enter_context(listening(settings.authority_socket))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        namespace = settings.mesh.namespace
        keeper = Keeper(
            ClusterVault(client, namespace),
            Scheme(generated=settings.issuer_scheme == "generated", external_bundle=settings.external_ca),
            settings.private_dir / "issuer",
            name=f"identity.{namespace}.{settings.mesh.trust_domain}",
            lifetimes=lifetimes(settings),
            clock=clock,
            labels=cluster.labels(COMPONENT, namespace),
            replaced=lambda: log.info("another issuer is in force"),
        )
        spawn(group, keeper.run(), name="issuer")
        await keeper.ready()

        authority = authority_child(authority_spec(settings, keeper.files), authority_socket, clock=clock)
        await stack.enter_async_context(running(group, authority.run(), name="authority"))
        signer = Signer(settings.authority_socket)
        await described(authority, signer)
        expiry = Expiry(signer, clock)
        admin.expose(expiry.lines)
        spawn(group, expiry.run(), name="expiry")

        service = Identity(
            catalog_mesh(settings.mesh, settings.cluster_networks), Reviewed(cluster.Reviewer(client)), signer
        )
        await stack.enter_async_context(serving([service], settings.proxy_socket, shared=True))
        admin.ready = True
        log.info("certificates are given")
        await asyncio.Event().wait()


class Expiry:
    """How long the issuer lasts."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock
        self._until: datetime | None = None

    async def run(self) -> None:
        while True:
            try:
                self._until = (await self._signer.describe()).issuer_until
            except AuthorityUnavailable as unavailable:
                log.warning("the authority does not say how long its issuer lasts: %s", unavailable)
            await asyncio.sleep(_EXPIRY_INTERVAL_S)

    def lines(self) -> Iterator[str]:
        if self._until is None:
            return
        left_s = (self._until.astimezone(UTC) - self._clock.now()).total_seconds()
        yield "# HELP issuer_cert_ttl_seconds How long the issuer's certificate is still valid."
        yield "# TYPE issuer_cert_ttl_seconds gauge"
        yield f"issuer_cert_ttl_seconds {left_s:.0f}"
