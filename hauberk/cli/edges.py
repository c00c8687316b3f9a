"""`hauberk edges`: who talks to whom, and how safely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, options, output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hauberk.client.api import Client
    from hauberk.telemetry.observe import Observation
    from hauberk.telemetry.query import Edge, Level

_LEVELS = ("workload", "pod", "serviceaccount", "namespace")


@click.command()
@click.argument("level", default="workload", type=click.Choice(_LEVELS))
@options.namespace
@options.all_namespaces
@options.window(None)
@output.option("table", "wide", "json", "yaml")
def command(level: Level, namespace: str | None, window_s: float | None, form: str, *, all_namespaces: bool) -> None:
    """Show who talks to whom, with the identities that both ends have verified.

    Without -t everything counts since the proxies started. SECURED is √ where every connection was mutually
    authenticated, else the reason why one was not.

    \b
    Examples:
      hauberk edges
      hauberk edges pod -A -o wide
      hauberk edges -t 10s -o json
    """
    from hauberk.cli.session import converse
    from hauberk.telemetry.query import edges

    scope = options.scope(namespace, everywhere=all_namespaces)

    async def work(client: Client) -> Observation:
        from hauberk.telemetry.observe import observe, pods

        return await observe(await pods(client), window_s=window_s)

    seen = converse(work)
    found = [edge for edge in edges(seen.changes, seen.targets, level) if _within(edge, scope, level)]
    _show(found, form)
    tell_unread(seen)


def tell_unread(seen: Observation) -> None:
    """Says of which proxies nothing is known."""
    for reading in seen.unread:
        failure.warn(f"the proxy of pod {reading.target.name} was not read: {reading.error}", "see hauberk check")


def _within(edge: Edge, scope: str | None, level: str) -> bool:
    if scope is None:
        return True
    ends = (edge.source, edge.destination)
    return any((end.name if level == "namespace" else end.namespace) == scope for end in ends)


def _show(found: Sequence[Edge], form: str) -> None:
    if form in ("json", "yaml"):
        click.echo(output.document([_document(edge) for edge in found], form))
    elif not found:
        click.echo("No edges found.", err=True)
    else:
        headers = ["SRC", "DST", "SRC_NS", "DST_NS", "CLIENT_ID", "SERVER_ID", "SECURED"]
        click.echo(output.table(headers, [_row(edge, whole=form == "wide") for edge in found]))


def _row(edge: Edge, *, whole: bool) -> list[str]:
    return [
        edge.source.name,
        edge.destination.name,
        edge.source.namespace,
        edge.destination.namespace,
        _identities(edge.client_ids, whole=whole),
        _identities(edge.server_ids, whole=whole),
        output.glyph("√") if edge.secured else ",".join(sorted(edge.insecure_reasons)) or "×",  # noqa: RUF001
    ]


def _identities(found: Iterable[str], *, whole: bool) -> str:
    from hauberk.telemetry.identities import short

    return ",".join(sorted(found if whole else map(short, found))) or "-"


def _document(edge: Edge) -> dict[str, Any]:
    return {
        "src": edge.source.name,
        "src_namespace": edge.source.namespace,
        "dst": edge.destination.name,
        "dst_namespace": edge.destination.namespace,
        "client_ids": sorted(edge.client_ids),
        "server_ids": sorted(edge.server_ids),
        "secured": edge.secured,
        "no_tls_reasons": sorted(edge.insecure_reasons),
    }
