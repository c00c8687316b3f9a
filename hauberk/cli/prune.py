"""`hauberk prune`: what an installation has and no longer needs."""

from __future__ import annotations

from typing import Any

import click

from hauberk.cli import installing, kubernetes, output


@click.command()
@kubernetes.mesh_option("-n", "--namespace")
@kubernetes.options
@output.option("yaml", "json")
def command(namespace: str, form: str, **options: Any) -> None:  # noqa: ANN401 - options by name
    """Print the objects of an installation that this version, with its values, does not have.

    Run it after `hauberk upgrade` and `kubectl apply`. Certificates, keys and policies are never among them.

    \b
    Examples:
      hauberk prune
      hauberk prune | kubectl delete -f -
    """
    from hauberk.cli.upgrade import chosen
    from hauberk.install.judging import stale
    from hauberk.install.looking import config, installed
    from hauberk.install.objects import MADE_CONFIG_MAPS, reference

    async def work(client: Any) -> Any:  # noqa: ANN401 - of the client
        return await config(client, namespace), await installed(client, namespace)

    stored, there = kubernetes.converse(options, work)
    no_options = {"high_availability": False, "files": (), "set_": (), "set_string": (), "set_file": ()}
    values = installing.values_of(installing.asked_of(no_options, before=chosen(stored, namespace)))
    found = stale(there, installing.objects(values, namespace), kept=MADE_CONFIG_MAPS)
    # Webhooks first: nobody is to be asked who is no longer there.
    installing.show([reference(document) for document in reversed(found)], form)
