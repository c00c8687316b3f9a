"""`hauberk inject`: manifests whose pods get a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import belonging, injecting, kubernetes

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR|URL|-...")
@click.option("-R", "--recursive", is_flag=True, help="Directories with all that is below them.")
@click.option("--manual", is_flag=True, help="Write the proxy itself into the manifests, not only the wish for one.")
@click.option("--ingress", is_flag=True, help="The proxy of an ingress: requests say where they go (l5d-dst-override).")
@injecting.options
@click.option(
    "--values",
    "values_file",
    metavar="FILE",
    help="The installation's values, over those of the cluster or of a new installation.",
)
@kubernetes.mesh_option("--mesh-namespace")
@click.option("--identity-trust-anchors-file", "anchors_file", metavar="FILE", help="The mesh's roots, for --manual.")
@click.option("--ignore-cluster", is_flag=True, help="With --manual: ask no cluster how the mesh is installed.")
@kubernetes.options
@click.option(
    "-o", "--output", "form", type=click.Choice(["yaml", "json"]), help="Form of the output [default: as read]."
)
def command(
    files: Sequence[str],
    mesh_namespace: str,
    form: str | None,
    *,
    recursive: bool,
    manual: bool,
    ingress: bool,
    ignore_cluster: bool,
    **asked: Any,  # noqa: ANN401 - options by name
) -> None:
    """Ask for a proxy in each workload of the manifests.

    The changed manifests go to standard output, what became of each object to standard error. Workloads and Namespaces
    get annotations, from which the cluster's injector makes a proxy once their pods are made; with --manual the proxy
    is in the manifests, as the cluster's installation would make it. What a proxy could not do beside its programs is
    refused here already.

    \b
    Examples:
      hauberk inject web.yaml | kubectl apply -f -
      kubectl get deploy -o yaml | hauberk inject --opaque-ports 3306 - | kubectl apply -f -
      hauberk inject https://example.com/web.yaml | kubectl apply -f -
      hauberk inject --manual manifests/ > injected.yaml
      hauberk inject --manual --ignore-cluster --identity-trust-anchors-file roots.pem web.yaml
    """
    from hauberk.apiserver.patch import json_patch
    from hauberk.cli.rewriting import rewrite
    from hauberk.injector.manifest import Wish, inject

    belonging.usage(manual=manual, ignores=ignore_cluster, anchors_file=asked["anchors_file"])
    wish = Wish(
        installation=belonging.installation(asked, mesh_namespace, of_cluster=manual and not ignore_cluster),
        settings=injecting.settings(asked),
        ingress=ingress,
        manual=(lambda pod, operations: json_patch(pod, list(operations))) if manual else None,
    )
    rewrite(files, lambda document: inject(document, wish), recursive=recursive, form=form)
