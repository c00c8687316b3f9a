"""`hauberk diagnostics endpoints`: the answer of Destination.Get."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from hauberk.cli import options, output
from hauberk.cli.diagnostics.asking import ask, from_pod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.cli.diagnostics.asking import Asker
    from hauberk.telemetry.wire import KnownEndpoint


@click.command()
@click.argument("authorities", nargs=-1, required=True, metavar="NAME:PORT...")
@options.namespace
@from_pod
@output.option("table", "wide", "json", "yaml")
def command(authorities: Sequence[str], namespace: str | None, pod: str | None, form: str) -> None:
    """Show the endpoints that a proxy is told for a service.

    \b
    Examples:
      hauberk diagnostics endpoints web.default.svc.cluster.local:80
      hauberk diagnostics endpoints web.default.svc.cluster.local:80 -o wide
      hauberk diagnostics endpoints web.shop.svc.cluster.local:80 --from load-x7k2p -n shop -o json
    """

    async def work(asker: Asker) -> list[KnownEndpoint]:
        from hauberk.telemetry import wire

        found: list[KnownEndpoint] = []
        for authority in authorities:
            request = wire.destination_request(authority, asker.workload)
            found += wire.endpoints(await asker.api.first(wire.GET, request, wire.is_whole))
        return found

    found = ask(work, namespace=namespace or options.DEFAULT_NAMESPACE, pod=pod)
    if form in ("json", "yaml"):
        click.echo(output.document([asdict(endpoint) for endpoint in found], form))
    elif not found:
        click.echo("No endpoints found.", err=True)
    else:
        headers = ["NAMESPACE", "IP", "PORT", "POD", "SERVICE", *(["IDENTITY", "PROTOCOL"] if form == "wide" else [])]
        click.echo(output.table(headers, [_row(endpoint)[: len(headers)] for endpoint in found]))


def _row(endpoint: KnownEndpoint) -> list[str]:
    service = f"{endpoint.service}.{endpoint.namespace}" if endpoint.service else ""
    cells = (endpoint.namespace, endpoint.ip, str(endpoint.port), endpoint.pod, service, endpoint.identity)
    return [cell or "-" for cell in (*cells, endpoint.protocol)]
