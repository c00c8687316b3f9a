"""`hauberk apply`: manifests become resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hauberk.cli import failure, manifests, options, output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.cli.manifests import Manifest
    from hauberk.client.api import Applied, Client


@click.command()
@click.option("-f", "--filename", "files", multiple=True, required=True, metavar="FILE|DIR|-", help="May be repeated.")
@click.option("-R", "--recursive", is_flag=True, help="Directories with all that is below them.")
@options.namespace
@click.option("--dry-run", is_flag=True, help="The control plane checks everything and changes nothing.")
@output.option("table", "name", "json", "yaml")
def command(files: Sequence[str], namespace: str | None, form: str, *, recursive: bool, dry_run: bool) -> None:
    """Create resources, or change them to what the manifests say.

    All documents are checked before the first one is applied. A field that was taken out of a manifest is taken out of
    the resource; fields that others set stay.

    \b
    Examples:
      hauberk apply -f web.yaml
      hauberk apply -f policies/ -n shop --dry-run
      cat *.yaml | hauberk apply -f -
    """
    from hauberk.cli.session import converse

    wanted = manifests.read(files, namespace=namespace, recursive=recursive)
    failed = converse(lambda client: _apply_all(client, wanted, form, dry_run=dry_run))
    if failed:
        raise SystemExit(failure.FAILED)


async def _apply_all(client: Client, wanted: Sequence[Manifest], form: str, *, dry_run: bool) -> bool:
    """Goes on after an object that is refused, as kubectl does; returns whether one was."""
    from hauberk.client.errors import ApiError, Unreachable
    from hauberk.model.parse import warnings

    failed = False
    for manifest in wanted:
        try:
            applied = await client.apply(manifest.kind, manifest.raw, dry_run=dry_run)
        except Unreachable:
            raise
        except ApiError as error:
            told = failure.explain(error) or failure.Told(str(error))
            failure.tell(failure.Told(f"{manifest.shown}: {told.message}", told.hint))
            failed = True
            continue
        for warning in dict.fromkeys((*warnings(manifest.resource), *applied.warnings)):
            failure.warn(f"{manifest.shown}: {warning}")
        _show(manifest, applied, form, dry_run=dry_run)
    return failed


def _show(manifest: Manifest, applied: Applied, form: str, *, dry_run: bool) -> None:
    match form:
        case "name":
            click.echo(manifest.shown)
        case "json":
            click.echo(output.document(applied.item, form))
        case "yaml":
            click.echo("---\n" + output.document(applied.item, form))
        case _:
            click.echo(f"{manifest.shown} {applied.outcome}{' (dry run)' if dry_run else ''}")
