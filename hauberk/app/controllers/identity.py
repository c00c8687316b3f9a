"""The identity controller: root and issuer in the cluster, the authority beside it, and the service `Identity`."""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack

from hauberk.app.authority import authority_child, described
from hauberk.app.calls import Calls
from hauberk.app.controllers import cluster
from hauberk.app.controllers.admin import Admin
from hauberk.app.controllers.events import Events, Regarding
from hauberk.app.controllers.groups import authority_spec, lifetimes
from hauberk.app.controllers.telling import Telling
from hauberk.app.groups import catalog_mesh
from hauberk.app.opening import listening, running
from hauberk.app.proxy_api import serving
from hauberk.client.api import Client
from hauberk.client.errors import ApiError
from hauberk.client.kinds import DEPLOYMENT
from hauberk.client.vault import ClusterVault
from hauberk.config.controller import Controller
from hauberk.identity.keeper import Keeper, Scheme
from hauberk.identity.metrics import Metrics
from hauberk.identity.reviewed import Reviewed
from hauberk.identity.server import Identity
from hauberk.identity.signer import AuthorityUnavailable, Signer
from hauberk.identity.terms import Terms, terms_of
from hauberk.runtime.clock import Clock, SystemClock
from hauberk.runtime.tasks import spawn

COMPONENT = "identity"
NAME = "linkerd-identity"
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
        events = Events(client, reporter=f"linkerd.io/{COMPONENT}", instance=os.uname().nodename, clock=clock)
        spawn(group, events.run(), name="events")
        counts = Metrics()
        admin.expose(counts.lines)
        telling = Telling(counts, events, await own_deployment(client, namespace))
        keeper = Keeper(
            ClusterVault(client, namespace),
            Scheme(generated=settings.issuer_scheme == "generated", external_bundle=settings.external_ca),
            settings.private_dir / "issuer",
            name=f"identity.{namespace}.{settings.mesh.trust_domain}",
            lifetimes=lifetimes(settings),
            clock=clock,
            labels=cluster.labels(COMPONENT, namespace),
            witness=telling,
        )
        spawn(group, keeper.run(), name="issuer")
        await keeper.ready()

        authority = authority_child(authority_spec(settings, keeper.files), authority_socket, clock=clock)
        await stack.enter_async_context(running(group, authority.run(), name="authority"))
        signer = Signer(settings.authority_socket)
        await described(authority, signer)
        expiry = Expiry(signer, telling, clock)
        admin.expose(expiry.lines)
        spawn(group, expiry.run(), name="expiry")

        evidence = Reviewed(cluster.Reviewer(client), counts.reviewed, clock=clock)
        service = Identity(catalog_mesh(settings.mesh, settings.cluster_networks), evidence, signer, telling)
        calls = Calls()
        admin.expose(calls.lines)
        await stack.enter_async_context(serving([service], settings.proxy_socket, shared=True, calls=calls))
        admin.ready = True
        log.info("certificates are given")
        await asyncio.Event().wait()


class Expiry:
    """How long issuer and roots last."""

    def __init__(self, signer: Signer, telling: Telling, clock: Clock) -> None:
        self._signer = signer
        self._telling = telling
        self._clock = clock
        self._terms: Terms | None = None

    async def run(self) -> None:
        while True:
            try:
                self._terms = terms_of(await self._signer.describe())
                self._telling.expiring(self._terms, self._clock.now())
            except AuthorityUnavailable as unavailable:
                log.warning("the authority does not say how long its issuer lasts: %s", unavailable)
            await asyncio.sleep(_EXPIRY_INTERVAL_S)

    def lines(self) -> Iterator[str]:
        if self._terms is not None:
            yield from self._terms.lines(self._clock.now())


async def own_deployment(client: Client, namespace: str) -> Regarding:
    """Events need its uid to be found beside it; without the right to read it they are there all the same."""
    uid = ""
    try:
        found = await client.get(DEPLOYMENT, NAME, namespace=namespace)
        uid = str((found.get("metadata") or {}).get("uid", ""))
    except ApiError as error:
        log.warning("events are not found beside the Deployment %s: %s", NAME, error)
    return Regarding(api_version=DEPLOYMENT.api_version, kind=DEPLOYMENT.kind, namespace=namespace, name=NAME, uid=uid)
