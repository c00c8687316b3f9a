"""`hauberk describe`: all about a resource, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, naming, options
from hauberk.cli.description import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.cli.naming import Wanted
    from hauberk.client.api import Client
    from hauberk.model.kinds import Kind


@click.command()
@click.argument("words", nargs=-1, metavar="KIND [NAME...]|KIND/NAME...")
@options.namespace
@options.all_namespaces
@options.selector
def command(words: Sequence[str], namespace: str | None, selector: str, *, all_namespaces: bool) -> None:
    """Tell all about resources, and of a service where it leads.

    \b
    Examples:
      hauberk describe service web
      hauberk describe pod/web-x7k2p server/web -n shop
      hauberk describe httproutes -A
    """
    from hauberk.cli.session import converse

    scope = options.scope(namespace, everywhere=all_namespaces)
    found = naming.wanted(words)
    if any(wanted.names for wanted in found) and (selector or all_namespaces):
        raise click.UsageError("names exclude -l and -A")

    async def work(client: Client) -> tuple[list[str], bool]:
        texts: list[str] = []
        missing = False
        for wanted in found:
            where = scope if wanted.kind.namespaced else None
            items, lacking = await _items(client, wanted, where, selector)
            texts += [described(item, await _extra(client, wanted.kind, item)) for item in items]
            missing |= lacking
        return texts, missing

    texts, missing = converse(work)
    if texts:
        click.echo("\n\n\n".join(texts))
    elif not missing:
        click.echo(f"No resources found{f' in {scope} namespace' if scope else ''}.", err=True)
    if missing:
        raise SystemExit(failure.FAILED)


async def _items(
    client: Client, wanted: Wanted, scope: str | None, selector: str
) -> tuple[Sequence[dict[str, Any]], bool]:
    from hauberk.client.api import Selector
    from hauberk.client.errors import NotFound

    if not wanted.names:
        return (await client.list(wanted.kind, namespace=scope, selector=Selector(labels=selector))).items, False
    items, missing = [], False
    for name in wanted.names:
        try:
            items.append(await client.get(wanted.kind, name, namespace=scope))
        except NotFound as error:
            failure.tell(failure.Told(error.message))
            missing = True
    return items, missing


async def _extra(client: Client, kind: Kind, item: dict[str, Any]) -> dict[str, Any]:
    """What is not written in the object itself: the endpoints of a Service."""
    from hauberk.client.api import Selector, name_of, namespace_of

    if kind.kind != "Service":
        return {}
    mine = Selector(labels=f"kubernetes.io/service-name={name_of(item)}")
    slices = (await client.list(naming.kind_named("endpointslices"), namespace=namespace_of(item), selector=mine)).items
    ready: list[str] = []
    waiting: list[str] = []
    for part in slices:
        ports = [str(port.get("port", "*")) for port in part.get("ports") or [{}]]
        for endpoint in part.get("endpoints") or ():
            is_ready = (endpoint.get("conditions") or {}).get("ready") is not False
            (ready if is_ready else waiting).extend(f"{a}:{p}" for a in endpoint["addresses"] for p in ports)
    return {"Endpoints": ", ".join(ready) or "<none>", "Not ready": ", ".join(waiting) or "<none>"}
