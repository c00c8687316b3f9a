"""`hauberk version`: of this tool, of the control plane and of the proxies' binary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import hauberk
from hauberk.cli import output

if TYPE_CHECKING:
    from hauberk.client.api import Client

_UNREACHABLE = "unavailable"


@click.command()
@click.option("--client", "only_client", is_flag=True, help="Only this tool's.")
@click.option("--short", is_flag=True, help="Only the numbers.")
@output.option("table", "json", "yaml")
def command(form: str, *, only_client: bool, short: bool) -> None:
    """Show the versions of this tool and, if it answers, the control plane.

    \b
    Examples:
      hauberk version
      hauberk version --client --short
      hauberk version -o json
    """
    found = {"client": hauberk.__version__}
    if not only_client:
        found["server"] = _server()
    _show(found, form, short=short)


def _server() -> str:
    from hauberk.cli.session import converse
    from hauberk.client.errors import ApiError

    async def work(client: Client) -> dict[str, Any]:
        return await client.version()

    try:
        version = str(converse(work).get("gitVersion", ""))
    except ApiError:
        return _UNREACHABLE
    return version.partition("+hauberk-")[2] or version


def _show(found: dict[str, str], form: str, *, short: bool) -> None:
    if form != "table":
        click.echo(output.document(found, form))
        return
    for who, version in found.items():
        click.echo(version if short else f"{who.capitalize()} version: {version}")
