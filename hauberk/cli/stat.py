"""`hauberk stat`: success rate, rate and latency, from the proxies themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import options, output
from hauberk.cli.edges import tell_unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.client.api import Client
    from hauberk.telemetry.observe import Observation
    from hauberk.telemetry.query import Golden, Level, Place

_LEVELS: dict[str, Level] = {
    "workload": "workload",
    "workloads": "workload",
    "pod": "pod",
    "pods": "pod",
    "po": "pod",
    "service": "service",
    "services": "service",
    "svc": "service",
    "serviceaccount": "serviceaccount",
    "serviceaccounts": "serviceaccount",
    "sa": "serviceaccount",
    "namespace": "namespace",
    "namespaces": "namespace",
    "ns": "namespace",
}
_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@click.command()
@click.argument("what", default="workloads", metavar="[KIND[/NAME]]")
@options.namespace
@options.all_namespaces
@options.window("2s")
@output.option("table", "wide", "json", "yaml")
def command(what: str, namespace: str | None, window_s: float, form: str, *, all_namespaces: bool) -> None:
    """Show the golden numbers of workloads, pods, services, service accounts or namespaces.

    The proxies are read twice, and what happened in between is shown: of servers' own proxies, except for services,
    of which their clients' proxies tell.

    \b
    Examples:
      hauberk stat
      hauberk stat services -A -t 10s
      hauberk stat pods -o wide
      hauberk stat workload/web -o json
    """
    from hauberk.cli.session import converse
    from hauberk.telemetry.query import golden

    word, _, name = what.partition("/")
    if word not in _LEVELS:
        raise click.UsageError(f"there is nothing to tell of {word!r}: {', '.join(dict.fromkeys(_LEVELS.values()))}")
    level = _LEVELS[word]
    scope = options.scope(namespace, everywhere=all_namespaces or level == "namespace")
    seen, services = converse(lambda client: _look(client, level, window_s))
    rows = golden(seen.changes, seen.targets, level, services)
    rows = [row for row in rows if scope in (None, row.place.namespace) and name in ("", row.place.name)]
    _show(rows, form, namespaces=scope is None and level != "namespace")
    tell_unread(seen)


async def _look(client: Client, level: Level, window_s: float) -> tuple[Observation, list[Place]]:
    from hauberk.telemetry.observe import observe, pods, services

    known = await services(client) if level == "service" else []
    return await observe(await pods(client), window_s=window_s), known


def _show(rows: Sequence[Golden], form: str, *, namespaces: bool) -> None:
    if form in ("json", "yaml"):
        click.echo(output.document([_document(row) for row in rows], form))
        return
    if not rows:
        click.echo("Nothing found: no programs of this namespace are in the mesh.", err=True)
        return
    headers = ["NAME", "MESHED", "SUCCESS", "RPS", "LATENCY_P50", "LATENCY_P95", "LATENCY_P99", "TCP_CONN"]
    if form == "wide":
        headers += ["DENIED", "READ_BYTES/SEC", "WRITE_BYTES/SEC"]
    cells = [_row(row, wide=form == "wide") for row in rows]
    if namespaces:
        headers.insert(0, "NAMESPACE")
        cells = [[row.place.namespace, *line] for row, line in zip(rows, cells, strict=True)]
    click.echo(output.table(headers, cells, right=headers[2 + namespaces :]))


def _row(row: Golden, *, wide: bool) -> list[str]:
    traffic = row.traffic
    cells = [
        row.place.name,
        f"{row.meshed}/{row.pods}",
        output.percent(traffic.success_rate),
        output.rate(traffic.rps),
        *(output.latency(traffic.latency_s(q)) for q in _QUANTILES.values()),
        f"{traffic.connections_open:.0f}",
    ]
    if wide:
        per_second = (
            total / traffic.seconds if traffic.seconds else 0.0 for total in (traffic.read_bytes, traffic.written_bytes)
        )
        cells += [f"{traffic.denied:.0f}", *(f"{number:.1f}B/s" for number in per_second)]
    return cells


def _document(row: Golden) -> dict[str, Any]:
    traffic = row.traffic
    return {
        "namespace": row.place.namespace,
        "name": row.place.name,
        "meshed": row.meshed,
        "pods": row.pods,
        "requests": traffic.responses,
        "success": traffic.success_rate,
        "rps": traffic.rps,
        **{f"latency_ms_{name}": _milliseconds(traffic.latency_s(q)) for name, q in _QUANTILES.items()},
        "denied": traffic.denied,
        "tcp_open_connections": traffic.connections_open,
        "read_bytes": traffic.read_bytes,
        "write_bytes": traffic.written_bytes,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
