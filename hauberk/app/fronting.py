"""The front proxy beside the control plane, if there is one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from hauberk.app.front import Front
from hauberk.app.opening import running
from hauberk.config.groups import Config
from hauberk.host.binary import find
from hauberk.host.failure import SetupFailed
from hauberk.identity.tokens import Tokens
from hauberk.runtime.clock import Clock

log = logging.getLogger(__name__)

_READY_S = 5.0


@asynccontextmanager
async def fronted(
    group: asyncio.TaskGroup,
    config: Config,
    anchors: str,
    environ: Mapping[str, str],
    tokens: Tokens,
    clock: Clock,
) -> AsyncIterator[None]:
    """The front proxy, ready if it is so soon. Raises StartFailed."""
    try:
        binary = find(environ)
    except SetupFailed as missing:
        log.warning("no workload can join, because there is no front proxy: %s; %s", missing, missing.hint)
        yield
        return
    front = Front(config, binary, tokens=tokens, clock=clock)
    await front.check_ports()
    async with (
        running(group, front.child(anchors, environ).run(), name="front"),
        running(group, front.keep_token(), name="front-token"),
    ):
        try:
            async with asyncio.timeout(_READY_S):
                await front.ready()
        except TimeoutError:
            log.warning("the front proxy is not ready yet: workloads can join when it is")
        yield
