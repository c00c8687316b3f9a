"""The life of a container of the control plane: from its settings to SIGTERM."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

from hauberk.app.controllers.admin import Admin
from hauberk.app.failure import StartFailed
from hauberk.config.controller import Controller, load_controller
from hauberk.runtime import logs
from hauberk.runtime.failures import flat
from hauberk.runtime.shutdown import on_signal
from hauberk.runtime.tasks import spawn

_NOTICE_S = 2.0
"""API servers and nodes take less to hear that this replica is about to go."""

log = logging.getLogger(__name__)

Live = Callable[[Controller, Admin], Awaitable[None]]
"""Serves until it is cancelled; tells the admin server when it is ready."""


async def run(live: Live, environ: Mapping[str, str] = os.environ) -> int:
    """Return the exit code: 0 after a signal, 1 if it could not start, which is then said on standard error.

    Raises SettingInvalid.
    """
    settings = load_controller(environ)
    logs.begin(settings.log_level)
    admin = Admin()
    code = 0
    try:
        with on_signal() as asked:
            async with admin.serving(settings.admin_port), asyncio.TaskGroup() as group:
                life = spawn(group, _whole(live, settings, admin), name="controller")
                await asked.wait()
                log.info("stopping")
                # Its endpoint ends at this moment, which not everybody knows yet: they are still answered.
                admin.ready = False
                await asyncio.sleep(_NOTICE_S)
                life.cancel()
    except* StartFailed as failed:
        for failure in flat(failed):
            sys.stderr.write(f"error: {failure}\nhint: {failure.hint}\n")
        code = 1
    return code


async def _whole(live: Live, settings: Controller, admin: Admin) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await live(settings, admin)
