"""What `check` looks at on this machine: its tools, its control plane and the programs in its mesh."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import hauberk
from hauberk.cli import failure

if TYPE_CHECKING:
    from hauberk.check.data_plane import PodFacts
    from hauberk.check.machine import MachineFacts
    from hauberk.check.report import Category
    from hauberk.client.api import Client


async def look(namespace: str | None) -> list[Category]:
    """`namespace`: only its pods; None: all."""
    from hauberk.check.control_plane import ControlPlaneFacts, control_plane
    from hauberk.check.machine import machine
    from hauberk.cli.session import named_socket
    from hauberk.client.api import Client
    from hauberk.client.errors import ApiError

    found = [machine(_machine())]
    try:
        async with await Client.local(socket=named_socket()) as client:
            version = str((await client.version()).get("gitVersion", ""))
            return [*found, *await _look_further(client, version.partition("+hauberk-")[2], namespace)]
    except ApiError as error:
        told = failure.explain(error) or failure.Told(str(error))
        facts = ControlPlaneFacts(hauberk.__version__, error=told.message, hint=told.hint or "")
        return [*found, control_plane(facts)]


async def _look_further(client: Client, version: str, namespace: str | None) -> list[Category]:
    from hauberk.check import look
    from hauberk.check.control_plane import ControlPlaneFacts, control_plane
    from hauberk.check.data_plane import data_plane
    from hauberk.check.identity import identity
    from hauberk.check.store import store
    from hauberk.client.endpoint import UnixEndpoint
    from hauberk.runtime.clock import SystemClock

    endpoint, clock = client.endpoint, SystemClock()
    facts = ControlPlaneFacts(hauberk.__version__, version)
    if not isinstance(endpoint, UnixEndpoint):
        return [control_plane(facts), data_plane(await _pods(client, namespace), clock.now())]
    settings = look.settings_of(os.environ, endpoint.path)
    address, port = str(settings.network.proxy_admin_address), settings.network.proxy_admin_port
    facts = ControlPlaneFacts(
        hauberk.__version__,
        version,
        proxy_api_error=await look.socket_error(settings.paths.proxy_socket),
        front_error=await look.http_error(address, port, "/ready"),
        front_address=f"{address}:{port}",
    )
    return [
        control_plane(facts),
        store(await look.store(client, settings.paths.database)),
        identity(await look.authority(settings.paths.authority_socket), clock.now()),
        data_plane(await _pods(client, namespace), clock.now()),
    ]


async def _pods(client: Client, namespace: str | None) -> list[PodFacts]:
    """What the control plane says of each pod, and what its proxy does."""
    from hauberk.check.data_plane import pod_facts
    from hauberk.runtime.clock import SystemClock
    from hauberk.telemetry.health import FAMILIES, Health, health
    from hauberk.telemetry.observe import pod_items
    from hauberk.telemetry.parse import Parser
    from hauberk.telemetry.scrape import Scraper
    from hauberk.telemetry.target import readable, targets

    items = await pod_items(client, namespace)
    async with Scraper(Parser(FAMILIES), SystemClock()) as scraper:
        readings = await scraper.read(readable(targets(items)))
    said = {reading.target.name: reading for reading in readings}
    found = []
    for item in items:
        reading = said.get(f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}")
        told = Health() if reading is None else health(reading)
        error = None if reading is None else reading.error
        found.append(pod_facts(item, error=error, expires_s=told.certificate_expires_s, view_age_s=told.view_age_s))
    return found


def _machine() -> MachineFacts:
    from hauberk.check.machine import MachineFacts
    from hauberk.host.binary import find
    from hauberk.host.failure import SetupFailed

    missing = tuple(tool for tool in ("ip", "nft") if shutil.which(tool) is None)
    try:
        find(os.environ)
    except SetupFailed as error:
        return MachineFacts(str(error), error.hint, missing)
    return MachineFacts(None, "", missing)
