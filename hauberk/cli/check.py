"""`hauberk check`: what is wrong and what to do, on this machine or in a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import checking, failure, installing, kubernetes, machine, output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hauberk.check.report import Category

_GLYPHS = {"success": "√", "warning": "‼", "error": "×"}  # noqa: RUF001 - Linkerd's marks


@click.command()
@click.option("-n", "--namespace", metavar="NAME", help="Only the programs of this namespace [default: all].")
@click.option("--proxy", is_flag=True, help="The programs of a cluster and their proxies too; -n asks for it as well.")
@click.option("--pre", is_flag=True, help="Whether a cluster can take a mesh, and whether you may install it.")
@click.option(
    "--mesh-namespace",
    metavar="NAME",
    help="Of the control plane in a cluster [default: hauberk; env: HAUBERK_MESH_NAMESPACE].",
    callback=checking.namespace,
)
@click.option(
    "--wait",
    "wait_s",
    metavar="DURATION",
    help="How long to wait for what may still become well; 0: look once [default: 5m for a cluster, else 0].",
    callback=checking.duration_s,
)
@installing.value_options
@kubernetes.options
@output.option("table", "short", "json", "yaml")
def command(namespace: str | None, wait_s: float | None, form: str, **options: Any) -> None:  # noqa: ANN401 - by name
    """Say what is wrong with the mesh, and for each thing what to do.

    It looks at the control plane of this machine if one answers, or is named by --socket or HAUBERK_SOCKET. With
    --kubeconfig, --context or another option for clusters, or if no control plane answers here and there is a
    kubeconfig, it looks at the mesh in that cluster. The exit code is 1 if anything is broken; what should only be
    looked at (‼) is not. `-o short` leaves out what is well. Values are those that you will install with: for --pre.

    \b
    Examples:
      hauberk check
      hauberk check --context production --proxy -n shop
      hauberk check --pre --set cni.enabled=true
      hauberk check -o json | jq .success
    """
    from hauberk.check.report import healthy, to_document

    found = _found(namespace, wait_s, options)
    if form in ("json", "yaml"):
        click.echo(output.document(to_document(found), form))
    else:
        _show(found, short=form == "short")
    if not healthy(found):
        raise SystemExit(failure.FAILED)


def _found(namespace: str | None, wait_s: float | None, options: Mapping[str, Any]) -> list[Category]:
    import asyncio

    from hauberk.cli.session import named_socket

    values = checking.values(options)
    if not checking.is_cluster_meant(options, named_socket()):
        return asyncio.run(checking.patiently(lambda: machine.look(namespace), wait_s or 0.0))
    from hauberk.check.kubernetes.wish import Wish

    wish = Wish(
        namespace=options["mesh_namespace"] or checking.mesh_namespace(),
        data_plane=options["proxy"] or namespace is not None,
        programs_in=namespace,
        **values,
    )
    wait_s = checking.PATIENCE_S if wait_s is None else wait_s
    return checking.of_cluster(options, wish, pre=options["pre"], wait_s=wait_s)


def _show(found: Sequence[Category], *, short: bool) -> None:
    for category in found:
        checks = [check for check in category.checks if not short or check.outcome != "success"]
        if not checks:
            continue
        click.echo(f"{category.name}\n{'-' * len(category.name)}")
        for check in checks:
            click.echo(f"{output.glyph(_GLYPHS[check.outcome])} {check.description}")
            if check.error:
                click.echo(f"    {check.error}\n    hint: {check.hint}")
        click.echo()
    outcomes = {check.outcome for category in found for check in category.checks}
    click.echo(f"Status check results are {output.glyph(_GLYPHS['error' if 'error' in outcomes else 'success'])}")
