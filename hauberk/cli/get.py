"""`hauberk get`: lists resources and shows some."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, naming, options, output
from hauberk.cli.manifests import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.cli.naming import Wanted
    from hauberk.client.api import Client

_FORMS = ("table", "wide", "json", "yaml", "name")


@click.command()
@click.argument("words", nargs=-1, metavar="KIND [NAME...]|KIND/NAME...")
@options.namespace
@options.all_namespaces
@options.selector
@click.option("-w", "--watch", is_flag=True, help="Go on with every change, until Ctrl-C.")
@output.option(*_FORMS)
def command(
    words: Sequence[str], namespace: str | None, selector: str, form: str, *, all_namespaces: bool, watch: bool
) -> None:
    """List resources, or show some.

    \b
    Examples:
      hauberk get pods -A -o wide
      hauberk get services,servers -l team=blue
      hauberk get httproute/web -o yaml
      hauberk get pods --watch
    """
    from hauberk.cli.session import converse

    scope = options.scope(namespace, everywhere=all_namespaces)
    found = naming.wanted(words)
    if watch:
        if len(found) != 1 or len(found[0].names) > 1:
            raise click.UsageError("--watch follows one kind, or one object of it")
        converse(lambda client: _watch(client, found[0], scope, selector, form))
        return
    if any(wanted.names for wanted in found) and (selector or all_namespaces):
        raise click.UsageError("names exclude -l and -A")
    if converse(lambda client: _get(client, found, scope, selector, form)):
        raise SystemExit(failure.FAILED)


async def _get(client: Client, found: Sequence[Wanted], scope: str | None, selector: str, form: str) -> bool:
    """Shows what there is; returns whether something that was named is not there."""
    if form in ("table", "wide"):
        return await _tables(client, found, scope, selector, wide=form == "wide")
    items, missing = await _items(client, found, scope, selector)
    if form == "name":
        for wanted, item in items:
            click.echo(shown(wanted.kind, item["metadata"]["name"]))
    elif len(found) == 1 and len(found[0].names) == 1:
        for _, item in items:
            click.echo(output.document(item, form))
    else:
        listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [item for _, item in items]}
        click.echo(output.document(listed, form))
    return missing


async def _items(
    client: Client, found: Sequence[Wanted], scope: str | None, selector: str
) -> tuple[list[tuple[Wanted, dict[str, Any]]], bool]:
    from hauberk.client.api import Selector
    from hauberk.client.errors import NotFound

    items: list[tuple[Wanted, dict[str, Any]]] = []
    missing = False
    for wanted in found:
        where = scope if wanted.kind.namespaced else None
        if not wanted.names:
            listed = await client.list(wanted.kind, namespace=where, selector=Selector(labels=selector))
            items += [(wanted, item) for item in listed.items]
        for name in wanted.names:
            try:
                items.append((wanted, await client.get(wanted.kind, name, namespace=where)))
            except NotFound as error:
                failure.tell(failure.Told(error.message))
                missing = True
    return items, missing


async def _tables(client: Client, found: Sequence[Wanted], scope: str | None, selector: str, *, wide: bool) -> bool:
    from hauberk.cli.tabular import joined, text
    from hauberk.client.api import Selector
    from hauberk.client.errors import NotFound

    missing = False
    texts: list[str] = []
    for wanted in found:
        where = scope if wanted.kind.namespaced else None
        tables: list[dict[str, Any]] = []
        if not wanted.names:
            tables.append(await client.table(wanted.kind, namespace=where, selector=Selector(labels=selector)))
        for name in wanted.names:
            try:
                tables.append(await client.table(wanted.kind, namespace=where, name=name))
            except NotFound as error:
                failure.tell(failure.Told(error.message))
                missing = True
        table = joined(tables)
        if table["rows"]:
            prefix = wanted.kind if len(found) > 1 else None
            texts.append(text(table, wide=wide, namespaces=scope is None and wanted.kind.namespaced, prefix=prefix))
    if texts:
        click.echo("\n\n".join(texts))
    elif not missing:
        click.echo(f"No resources found{f' in {scope} namespace' if scope else ''}.", err=True)
    return missing


async def _watch(client: Client, wanted: Wanted, scope: str | None, selector: str, form: str) -> None:
    from hauberk.cli.tabular import Follower
    from hauberk.client.api import Selector
    from hauberk.client.watching import Listed

    kind = wanted.kind
    fields = f"metadata.name={wanted.names[0]}" if wanted.names else ""
    follower = Follower(kind, wide=form == "wide", namespaces=scope is None and kind.namespaced)
    events = client.watch(
        kind, namespace=scope if kind.namespaced else None, selector=Selector(labels=selector, fields=fields)
    )
    async with aclosing(events):
        async for event in events:
            items = event.items if isinstance(event, Listed) else (event.item,)
            if form in ("table", "wide"):
                lines = follower.lines(items)
            elif form == "name":
                lines = [shown(kind, item["metadata"]["name"]) for item in items]
            else:
                lines = [("---\n" if form == "yaml" else "") + output.document(item, form) for item in items]
            for line in lines:
                click.echo(line)
