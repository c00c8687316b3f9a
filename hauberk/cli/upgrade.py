"""`hauberk upgrade`: the manifests of this version for an installation that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import installing, kubernetes, output
from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hauberk.client.api import Client
    from hauberk.install.judging import Cluster
    from hauberk.install.objects import Document


@click.command()
@kubernetes.mesh_option("-n", "--namespace")
@installing.value_options
@kubernetes.options
@output.option("yaml", "json")
def command(namespace: str, form: str, **options: Any) -> None:  # noqa: ANN401 - options by name
    """Print this version's manifests, with the values that were chosen for the installation.

    Options come on top of those; `--set NAME=null` gives a value back to the defaults. Certificates and keys stay:
    they are not in the manifests. What this version has no longer is what `hauberk prune` prints.

    \b
    Examples:
      hauberk upgrade | kubectl apply -f -
      hauberk upgrade --set controllerReplicas=2 | kubectl apply -f -
      hauberk prune | kubectl delete -f -
    """
    from hauberk.install.judging import for_upgrade

    config, found = kubernetes.converse(options, lambda client: _look(client, namespace))
    values = installing.values_of(installing.asked_of(options, before=chosen(config, namespace)))
    documents = installing.objects(values, namespace)
    installing.refuse(for_upgrade(found, namespace, documents))
    installing.show(documents, form)


def chosen(config: Document | None, namespace: str) -> Mapping[str, Any]:
    """What somebody chose for the installation, as far as this version knows it. Raises CommandFailed."""
    from hauberk.cli.failure import warn
    from hauberk.install.judging import is_helms
    from hauberk.install.stored import StoredInvalid, stored

    if config is None:
        hint = "name its namespace with -n, or install it with `hauberk install`"
        raise CommandFailed(f"nothing is installed in the namespace {namespace}", hint=hint)
    if is_helms(config):
        raise CommandFailed("this installation is Helm's", hint=f"change it with `helm upgrade -n {namespace}`")
    try:
        found, unknown = stored(config)
    except StoredInvalid as error:
        hint = "restore the ConfigMap, or say all values again with `hauberk install --ignore-cluster`"
        raise CommandFailed(str(error), hint=hint) from None
    for name in unknown:
        warn(f"{name} was chosen once, and means nothing to this version: it is left out")
    return found


async def _look(client: Client, namespace: str) -> tuple[Document | None, Cluster]:
    from hauberk.cli.install import look
    from hauberk.install.looking import config

    return await config(client, namespace), await look(client)
