"""`hauberk diagnostics policy`: the answers of InboundServerPolicies.GetPort and OutboundPolicies.Get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import naming, options, output
from hauberk.cli.diagnostics.asking import ask, from_pod

if TYPE_CHECKING:
    from hauberk.cli.diagnostics.asking import Asker


@click.command()
@click.argument("resource", metavar="pod/NAME|service/NAME")
@click.argument("port", type=click.IntRange(1, 65535))
@options.namespace
@from_pod
@output.option("yaml", "json")
def command(resource: str, port: int, namespace: str | None, pod: str | None, form: str) -> None:
    """Show the policy of a pod's port (who may come in) or of a service's (how to get there).

    \b
    Examples:
      hauberk diagnostics policy pod/web-x7k2p 8080
      hauberk diagnostics policy service/web 80 --from load-b2c4d
      hauberk diagnostics policy svc/web 80 -n shop -o json
    """
    where = namespace or options.DEFAULT_NAMESPACE
    word, _, name = resource.partition("/")
    kind = naming.kind_named(word).kind
    if not name or kind not in ("Pod", "Service"):
        raise click.UsageError(f"{resource!r} is neither pod/NAME nor service/NAME")
    if kind == "Pod":
        found = ask(lambda asker: _inbound(asker, port), namespace=where, pod=name)
    else:
        found = ask(lambda asker: _outbound(asker, name, where, port), namespace=where, pod=pod)
    click.echo(output.document(found, form))


async def _inbound(asker: Asker, port: int) -> dict[str, Any]:
    from hauberk.telemetry import wire

    return wire.inbound_policy(await asker.api.one(wire.GET_PORT, wire.port_request(port, asker.workload)))


async def _outbound(asker: Asker, service: str, namespace: str, port: int) -> dict[str, Any]:
    from hauberk.telemetry import wire

    authority = f"{service}.{namespace}.svc.{asker.settings.mesh.cluster_domain}:{port}"
    request = wire.traffic_request(authority, asker.workload)
    return wire.outbound_policy(await asker.api.one(wire.GET_OUTBOUND, request))
