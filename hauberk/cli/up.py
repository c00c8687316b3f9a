"""`hauberk up`: the control plane of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import click

from hauberk.config.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def _settings(function: F) -> F:
    """One option for each setting."""
    for setting in reversed(SETTINGS):
        default = f" [default: {setting.default}]" if setting.default else ""
        option = click.option(
            setting.flag,
            setting.name.replace("-", "_"),
            metavar=(setting.unit or "VALUE").split(",")[0].upper().replace(" ", "-"),
            help=f"{setting.doc}{default}",
        )
        function = option(function)
    return function


@click.command()
@_settings
def command(**flags: str | None) -> None:
    """Run the control plane on this machine, until Ctrl-C.

    It needs no root, and keeps everything in its state directory: when it comes back, also after `kill -9`, the mesh is
    as it was, and meanwhile traffic goes on. Every option is also a variable: --leaf-lifetime is
    HAUBERK_LEAF_LIFETIME.

    \b
    Examples:
      hauberk up
      sudo hauberk up --default-inbound-policy all-authenticated
      HAUBERK_STATE_DIR=$PWD/state hauberk up --leaf-lifetime 1h
    """
    import asyncio

    from hauberk.app.up import up
    from hauberk.cli.session import named_socket
    from hauberk.config.load import load

    overrides = {name.replace("_", "-"): text for name, text in flags.items() if text is not None}
    if "socket" not in overrides and (socket := named_socket()):
        overrides["socket"] = socket
    settings = load(os.environ, overrides, uid=os.geteuid())
    if os.geteuid() == 0:
        from hauberk.host.leftovers import sweep

        sweep(settings.paths.runtime_dir / "workloads")
    code = asyncio.run(up(settings, announce=click.echo))
    raise SystemExit(code)
