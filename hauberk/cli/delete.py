"""`hauberk delete`: resources go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hauberk.cli import failure, manifests, naming, options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.client.api import Client
    from hauberk.model.kinds import Kind

_Goal = tuple["Kind", str, str | None]
"""Kind, name, namespace."""


@click.command()
@click.argument("words", nargs=-1, metavar="[KIND NAME...|KIND/NAME...]")
@click.option("-f", "--filename", "files", multiple=True, metavar="FILE|DIR|-", help="What these manifests name.")
@click.option("-R", "--recursive", is_flag=True, help="Directories with all that is below them.")
@options.namespace
@options.selector
@click.option("--all", "everything", is_flag=True, help="All objects of the kind in the namespace.")
@click.option("--ignore-not-found", is_flag=True, help="What is not there is as good as deleted.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and change nothing.")
def command(
    words: Sequence[str],
    files: Sequence[str],
    namespace: str | None,
    selector: str,
    *,
    recursive: bool,
    everything: bool,
    ignore_not_found: bool,
    dry_run: bool,
) -> None:
    """Delete resources by name, by label or by manifest.

    \b
    Examples:
      hauberk delete service web
      hauberk delete server/web authorizationpolicy/web -n shop
      hauberk delete -f policies/
      hauberk delete httproutes -l team=blue
    """
    from hauberk.cli.session import converse

    if bool(words) == bool(files):
        raise click.UsageError("say what to delete: either KIND NAME or -f FILE")

    async def work(client: Client) -> bool:
        if files:
            found = manifests.read(files, namespace=namespace, recursive=recursive)
            goals: list[_Goal] = [
                (m.kind, m.resource.metadata.name, m.resource.metadata.namespace) for m in found[::-1]
            ]
        else:
            goals = await _named(client, words, namespace or options.DEFAULT_NAMESPACE, selector, everything=everything)
        return await _delete_all(client, goals, tolerant=ignore_not_found, dry_run=dry_run)

    if converse(work):
        raise SystemExit(failure.FAILED)


async def _named(
    client: Client, words: Sequence[str], namespace: str, selector: str, *, everything: bool
) -> list[_Goal]:
    from hauberk.client.api import Selector, name_of

    goals: list[_Goal] = []
    for wanted in naming.wanted(words):
        where = namespace if wanted.kind.namespaced else None
        if wanted.names and (selector or everything):
            raise click.UsageError("names exclude -l and --all")
        if not wanted.names and not (selector or everything):
            raise click.UsageError(f"say which {wanted.kind.plural}: names, -l LABELS or --all")
        names = wanted.names
        if not names:
            listed = await client.list(wanted.kind, namespace=where, selector=Selector(labels=selector))
            names = tuple(name_of(item) for item in listed.items)
        goals += [(wanted.kind, name, where) for name in names]
    return goals


async def _delete_all(client: Client, goals: Sequence[_Goal], *, tolerant: bool, dry_run: bool) -> bool:
    """Goes on after one that cannot be deleted; returns whether there was one."""
    from hauberk.client.errors import ApiError, NotFound, Unreachable

    failed = False
    for kind, name, namespace in goals:
        try:
            await client.delete(kind, name, namespace=namespace, dry_run=dry_run)
        except Unreachable:
            raise
        except ApiError as error:
            if tolerant and isinstance(error, NotFound):
                continue
            failure.tell(failure.explain(error) or failure.Told(str(error)))
            failed = True
            continue
        group = f".{kind.group}" if kind.group else ""
        click.echo(f'{kind.kind.lower()}{group} "{name}" deleted{" (dry run)" if dry_run else ""}')
    return failed
