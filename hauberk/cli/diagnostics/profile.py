"""`hauberk diagnostics profile`: the answer of Destination.GetProfile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import options, output
from hauberk.cli.diagnostics.asking import ask, from_pod

if TYPE_CHECKING:
    from hauberk.cli.diagnostics.asking import Asker


@click.command()
@click.argument("address", metavar="ADDRESS:PORT")
@options.namespace
@from_pod
@output.option("json", "yaml")
def command(address: str, namespace: str | None, pod: str | None, form: str) -> None:
    """Show what a proxy is told about an address to which its program connects.

    \b
    Examples:
      hauberk diagnostics profile 10.78.0.12:80
      hauberk diagnostics profile web.default.svc.cluster.local:80 -o yaml
    """

    async def work(asker: Asker) -> dict[str, Any]:
        from hauberk.telemetry import wire

        request = wire.destination_request(address, asker.workload)
        (first, *_) = await asker.api.first(wire.GET_PROFILE, request, bool) or [b""]
        return wire.profile(first)

    click.echo(output.document(ask(work, namespace=namespace or options.DEFAULT_NAMESPACE, pod=pod), form))
