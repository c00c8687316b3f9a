"""`hauberk inject`: manifests whose pods get a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, injecting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.config.chart import Values
    from hauberk.injector.installation import Installation

_VALUES_MAX = 1024 * 1024


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR|-...")
@click.option("-R", "--recursive", is_flag=True, help="Directories with all that is below them.")
@click.option("--manual", is_flag=True, help="Write the proxy itself into the manifests, not only the wish for one.")
@click.option("--ingress", is_flag=True, help="The proxy of an ingress: requests say where they go (l5d-dst-override).")
@injecting.options
@click.option(
    "--values", "values_file", metavar="FILE", help="The installation's values [default: those of a new one]."
)
@click.option(
    "--mesh-namespace",
    metavar="NAME",
    default="hauberk",
    show_default=True,
    envvar="HAUBERK_MESH_NAMESPACE",
    help="The namespace of the control plane.",
)
@click.option("--identity-trust-anchors-file", "anchors_file", metavar="FILE", help="The mesh's roots, for --manual.")
@click.option(
    "-o", "--output", "form", type=click.Choice(["yaml", "json"]), help="Form of the output [default: as read]."
)
def command(
    files: Sequence[str],
    values_file: str | None,
    mesh_namespace: str,
    anchors_file: str | None,
    form: str | None,
    *,
    recursive: bool,
    manual: bool,
    ingress: bool,
    **asked: Any,  # noqa: ANN401 - options by name
) -> None:
    """Ask for a proxy in each workload of the manifests.

    The changed manifests go to standard output, what became of each object to standard error. Workloads and Namespaces
    get annotations, from which the cluster's injector makes a proxy once their pods are made; with --manual the proxy
    is in the manifests. What a proxy could not do beside its programs is refused here already.

    \b
    Examples:
      hauberk inject web.yaml | kubectl apply -f -
      kubectl get deploy -o yaml | hauberk inject --opaque-ports 3306 - | kubectl apply -f -
      hauberk inject --manual --identity-trust-anchors-file roots.pem manifests/ > injected.yaml
    """
    from hauberk.apiserver.patch import json_patch
    from hauberk.cli.rewriting import rewrite
    from hauberk.injector.manifest import Wish, inject

    if manual and anchors_file is None:
        raise click.UsageError(
            "--manual needs --identity-trust-anchors-file: the roots are in the ConfigMap linkerd-identity-trust-roots"
        )
    wish = Wish(
        installation=_installation(values_file, mesh_namespace, anchors_file),
        settings=injecting.settings(asked),
        ingress=ingress,
        manual=(lambda pod, operations: json_patch(pod, list(operations))) if manual else None,
    )
    rewrite(files, lambda document: inject(document, wish), recursive=recursive, form=form)


def _installation(values_file: str | None, namespace: str, anchors_file: str | None) -> Installation:
    from hauberk import __version__
    from hauberk.config.chart import Values
    from hauberk.injector.installation import ValuesInvalid, installed

    values = Values() if values_file is None else _values(Path(values_file))
    anchors = "" if anchors_file is None else Path(anchors_file).read_text()
    try:
        return installed(values, namespace=namespace, trust_anchors=anchors, created_by=f"hauberk/cli {__version__}")
    except ValuesInvalid as error:
        raise failure.CommandFailed(f"{values_file}: {error}") from None


def _values(file: Path) -> Values:
    """What the file says, over the values of a new installation."""
    import msgspec

    from hauberk.apiserver.patch import merge_patch
    from hauberk.config.chart import Values
    from hauberk.model.yaml import whole

    with file.open("rb") as opened:
        found = whole(opened.read(_VALUES_MAX + 1), file=str(file))
    merged = msgspec.to_builtins(Values())
    for document in found:
        merged = merge_patch(merged, document.raw)
    try:
        return msgspec.convert(merged, Values)
    except msgspec.ValidationError as error:
        raise failure.CommandFailed(f"{file}: {error}") from None
