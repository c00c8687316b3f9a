"""`hauberk diagnostics`: what the control plane tells proxies, and what proxies measure. One file per command."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "endpoints": "Where a proxy would send what goes to a service",
    "policy": "What a proxy is told about a port of its pod, or about a service",
    "profile": "What a proxy is told about an address",
    "proxy-metrics": "The metrics of proxies, as they are",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"hauberk.cli.diagnostics.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands)
def command() -> None:
    """Ask the control plane what proxies ask it, and proxies what they measure.

    The proxy API is asked over the control plane's own socket, which only root and the user who runs it may open.

    \b
    Examples:
      hauberk diagnostics endpoints web.default.svc.cluster.local:80
      hauberk diagnostics policy pod/web-x7k2p 8080
      hauberk diagnostics proxy-metrics web-x7k2p
    """
