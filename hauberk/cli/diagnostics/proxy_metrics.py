"""`hauberk diagnostics proxy-metrics`: the pages of proxies' admin endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hauberk.cli import failure, options
from hauberk.cli.workloads import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.client.api import Client
    from hauberk.telemetry.target import Target


@click.command()
@click.argument("names", nargs=-1, metavar="[POD|WORKLOAD]...")
@options.namespace
@options.selector
def command(names: Sequence[str], namespace: str | None, selector: str) -> None:
    """Print the metrics of proxies as they are (Prometheus' text format).

    A workload's name means all its replicas.

    \b
    Examples:
      hauberk diagnostics proxy-metrics web-x7k2p
      hauberk diagnostics proxy-metrics web -n shop | grep response_total
      hauberk diagnostics proxy-metrics -l team=blue
    """
    from hauberk.cli.session import converse

    async def work(client: Client) -> bool:
        return await _print(await chosen(client, names, namespace or options.DEFAULT_NAMESPACE, selector))

    if converse(work):
        raise SystemExit(failure.FAILED)


async def _print(targets: Sequence[Target]) -> bool:
    """Returns whether a proxy could not be read."""
    import aiohttp

    from hauberk.runtime.clock import SystemClock
    from hauberk.telemetry.parse import Parser
    from hauberk.telemetry.scrape import Scraper

    failed = False
    async with Scraper(Parser(), SystemClock()) as scraper:
        for number, target in enumerate(targets, 1):
            click.echo(f"#\n# POD {target.pod} ({number} of {len(targets)})\n#")
            try:
                click.echo(await scraper.page(target))
            except (OSError, TimeoutError, aiohttp.ClientError) as error:
                failure.tell(failure.Told(f"{target.name}: {str(error) or type(error).__name__}", "see hauberk check"))
                failed = True
    return failed
