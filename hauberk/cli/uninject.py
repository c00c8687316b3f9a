"""`hauberk uninject`: manifests without a proxy and without the wish for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR|-...")
@click.option("-R", "--recursive", is_flag=True, help="Directories with all that is below them.")
@click.option(
    "-o", "--output", "form", type=click.Choice(["yaml", "json"]), help="Form of the output [default: as read]."
)
def command(files: Sequence[str], form: str | None, *, recursive: bool) -> None:
    """Take the proxy out of manifests, with all labels and annotations that are about it.

    `linkerd.io/inject: disabled` stays: it says no.

    \b
    Examples:
      hauberk uninject injected.yaml > web.yaml
      kubectl get deploy -o yaml | hauberk uninject - | kubectl apply -f -
    """
    from hauberk.cli.rewriting import rewrite
    from hauberk.injector.manifest import uninject

    rewrite(files, uninject, recursive=recursive, form=form)
