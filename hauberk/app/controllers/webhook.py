"""A webhook with a certificate of its own, open from the moment that the API server can trust it."""

import asyncio
from collections.abc import Callable

from hauberk.app.failure import StartFailed
from hauberk.client.vault import Vault
from hauberk.runtime.clock import Clock
from hauberk.runtime.tasks import spawn
from hauberk.webhook.keeper import Keeper, Served
from hauberk.webhook.server import Ask, serving


async def webhook(
    vault: Vault,
    served: Served,
    ask: Ask,
    *,
    port: int,
    labels: dict[str, str],
    clock: Clock,
    opened: Callable[[], None] = lambda: None,
) -> None:
    """Answer until cancelled; `opened` is told when it begins. Raises StartFailed."""
    keeper = Keeper(vault, served, clock=clock, labels=labels)
    async with asyncio.TaskGroup() as group:
        spawn(group, keeper.run(), name="webhook-certificate")
        await keeper.ready()
        try:
            async with serving(ask, keeper.context, port=port):
                opened()
                await asyncio.Event().wait()
        except OSError as error:
            hint = "choose another port with HAUBERK_WEBHOOK_PORT"
            raise StartFailed(f"port {port} cannot be opened ({error.strerror})", hint=hint) from error
