"""One question to the proxy API."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import TypeVar

    from hauberk.config.groups import Config
    from hauberk.telemetry.ask import ProxyApi

    T = TypeVar("T")

_NOBODY = "hauberk-diagnostics"
"""The pod in whose name is asked where none was named; it sees what any pod of its namespace would."""


@dataclass(frozen=True)
class Asker:
    """Where the question goes, and in whose name it is asked."""

    api: ProxyApi
    settings: Config
    workload: str
    """As proxies say it."""


def ask(work: Callable[[Asker], Awaitable[T]], *, namespace: str, pod: str | None = None) -> T:
    """Does the work, in the name of a pod if one is given. Raises CommandFailed."""
    import asyncio

    from hauberk.telemetry.ask import Refused
    from hauberk.telemetry.wire import NotUnderstood

    async def question() -> T:
        async with _asker(namespace, pod or _NOBODY) as asker:
            return await work(asker)

    try:
        return asyncio.run(question())
    except (Refused, NotUnderstood) as error:
        raise CommandFailed(str(error), hint="hauberk check says whether the control plane is well") from None


from_pod = click.option("--from", "pod", metavar="POD", help="As this pod's proxy would be told.")


@asynccontextmanager
async def _asker(namespace: str, pod: str) -> AsyncIterator[Asker]:
    from hauberk.check.look import settings_of
    from hauberk.cli.session import named_socket
    from hauberk.client.api import Client
    from hauberk.client.endpoint import UnixEndpoint
    from hauberk.model.identity import identity_of
    from hauberk.telemetry.ask import ProxyApi
    from hauberk.telemetry.wire import workload_token

    async with await Client.local(socket=named_socket()) as client:
        endpoint = client.endpoint
    if not isinstance(endpoint, UnixEndpoint):
        raise CommandFailed(f"{endpoint} has no proxy API on this machine")
    settings = settings_of(os.environ, endpoint.path)
    mesh = settings.mesh
    # The control plane itself may ask in every workload's name.
    own = identity_of("linkerd-destination", mesh.namespace, mesh.namespace, mesh.trust_domain)
    async with ProxyApi(settings.paths.proxy_socket, client_id=own) as api:
        yield Asker(api, settings, workload_token(namespace, pod))
