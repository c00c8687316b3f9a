"""`hauberk uninstall`: everything that an installation is, to be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, installing, kubernetes, output
from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from hauberk.client.api import Client
    from hauberk.install.objects import Document


@click.command()
@kubernetes.mesh_option("-n", "--namespace")
@click.option("--force", is_flag=True, help="Also while pods have proxies, which then get no more certificates.")
@kubernetes.options
@output.option("yaml", "json")
def command(namespace: str, form: str, *, force: bool, **options: Any) -> None:  # noqa: ANN401 - options by name
    """Print the objects of an installation, for `kubectl delete`.

    The namespace is among them, with all that is in it, and so are root, issuer and their keys. The kinds of resources
    stay, and with them everybody's policies: `hauberk install --crds | kubectl delete -f -` takes those away, too.

    \b
    Examples:
      hauberk uninstall | kubectl delete -f -
      hauberk uninstall -n mesh --force | kubectl delete -f -
    """
    from hauberk.install.judging import injected, is_helms, shown
    from hauberk.install.objects import reference

    there, pods = kubernetes.converse(options, lambda client: _look(client, namespace))
    if not there:
        raise CommandFailed(f"nothing is installed in the namespace {namespace}", hint="name its namespace with -n")
    if any(is_helms(document) for document in there):
        raise CommandFailed("this installation is Helm's", hint=f"remove it with `helm uninstall -n {namespace}`")
    if (names := injected(pods)) and not force:
        message = f"{len(names)} pods have proxies of this mesh: {shown(names)}"
        hint = "take their annotation linkerd.io/inject away and restart them, or use --force"
        raise CommandFailed(message, hint=hint)
    if names:
        failure.warn(f"{len(names)} pods still have proxies of this mesh: {shown(names)}")
    # Webhooks first, the namespace last: nobody is to be asked who is no longer there.
    installing.show([reference(document) for document in reversed(there)], form)


async def _look(client: Client, namespace: str) -> tuple[list[dict[str, Any]], list[Document]]:
    from hauberk.install.looking import installed, made, pods
    from hauberk.install.objects import name_of

    found = [*await made(client, namespace), *await installed(client, namespace)]
    there = {name_of(document): document for document in found}
    # In the order in which they would be applied.
    ordered = sorted(there.values(), key=lambda document: document["kind"] != "Namespace")
    return ordered, [*await pods(client, namespace)]
