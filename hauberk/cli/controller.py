"""`hauberk controller`: one of the control plane's containers on Kubernetes. Not for people."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", type=click.Choice(("identity", "destination", "injector")))
def command(name: str) -> None:
    """Run one of the control plane's containers. The chart starts it, and gives its settings as variables.

    \b
    Examples:
      hauberk controller identity
    """
    import asyncio

    from hauberk.app.controllers import parts
    from hauberk.app.controllers.running import run

    raise SystemExit(asyncio.run(run(parts.named(name))))
