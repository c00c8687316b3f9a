"""`hauberk install`: the control plane's manifests for a Kubernetes cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import installing, kubernetes, output

if TYPE_CHECKING:
    from hauberk.client.api import Client
    from hauberk.install.judging import Cluster

_OTHERWISE = "--ignore-cluster prints the manifests without asking a cluster"


@click.command()
@kubernetes.mesh_option("-n", "--namespace")
@installing.value_options
@click.option("--crds", is_flag=True, help="Only the kinds of resources that the control plane reads; they come first.")
@click.option("--ignore-cluster", is_flag=True, help="Do not look whether the cluster can take it.")
@kubernetes.options
@output.option("yaml", "json")
def command(namespace: str, form: str, *, crds: bool, ignore_cluster: bool, **options: Any) -> None:  # noqa: ANN401
    """Print what `kubectl apply` makes a control plane of.

    No key is in it: the control plane makes its certificates itself at its first start, and keeps them. Values are
    those of the Helm chart; what nobody chose follows the defaults of each version. A cluster that has a mesh already,
    or another injector that would be asked about the same pods, is refused.

    \b
    Examples:
      hauberk install --crds | kubectl apply --server-side -f -
      hauberk install | kubectl apply -f -
      hauberk install --ha --set proxy.logLevel=debug -f values.yaml > hauberk.yaml
    """
    if crds:
        _show_crds(form)
        return
    values = installing.values_of(installing.asked_of(options))
    documents = installing.objects(values, namespace)
    if not ignore_cluster:
        from hauberk.install.judging import for_install

        found = kubernetes.converse(options, look, otherwise=_OTHERWISE)
        installing.refuse(for_install(found, namespace, documents))
    installing.show(documents, form)


async def look(client: Client) -> Cluster:
    """Raises ApiError."""
    from hauberk.install.files import crds
    from hauberk.install.looking import cluster

    return await cluster(client, crds())


def _show_crds(form: str) -> None:
    from hauberk.install.files import crds

    if form == "yaml":
        for text in crds().values():
            click.echo("---\n" + text.removeprefix("---\n").rstrip("\n"))
        return
    from hauberk.model.yaml import whole

    installing.show([document.raw for name, text in crds().items() for document in whole(text, file=name)], form)
