"""`hauberk identity`: the certificates that pods show."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, options, output
from hauberk.cli.workloads import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.check.certificate import Certificate
    from hauberk.client.api import Client
    from hauberk.telemetry.target import Target


@click.command()
@click.argument("names", nargs=-1, metavar="[POD|WORKLOAD]...")
@options.namespace
@options.selector
@output.option("table", "json", "yaml")
def command(names: Sequence[str], namespace: str | None, selector: str, form: str) -> None:
    """Show the certificates with which pods prove who they are.

    Each is asked of the pod's proxy by a TLS handshake, as any peer asks for it.

    \b
    Examples:
      hauberk identity web-x7k2p
      hauberk identity web -n shop          # all replicas
      hauberk identity -l team=blue -o json
    """
    from hauberk.cli.session import converse

    async def work(client: Client) -> list[tuple[Target, Certificate | str]]:
        targets = await chosen(client, names, namespace or options.DEFAULT_NAMESPACE, selector)
        return await _certificates(client, targets)

    found = converse(work)
    if form in ("json", "yaml"):
        click.echo(output.document([_document(target, shown) for target, shown in found], form))
    else:
        click.echo(
            "\n\n".join(_text(target, shown, f"{i} of {len(found)}") for i, (target, shown) in enumerate(found, 1))
        )
    if any(isinstance(shown, str) for _, shown in found):
        raise SystemExit(failure.FAILED)


async def _certificates(client: Client, targets: Sequence[Target]) -> list[tuple[Target, Certificate | str]]:
    """The certificate of each, or why there is none."""
    from hauberk.check.certificate import NotACertificate, from_der
    from hauberk.check.look import settings_of
    from hauberk.client.endpoint import UnixEndpoint
    from hauberk.model.identity import identity_of
    from hauberk.telemetry.handshake import NoCertificate, leaf

    endpoint = client.endpoint
    if not isinstance(endpoint, UnixEndpoint):
        raise failure.CommandFailed(f"{endpoint} is not on this machine, and its pods cannot be reached")
    mesh = settings_of(os.environ, endpoint.path).mesh
    found: list[tuple[Target, Certificate | str]] = []
    for target in targets:
        own = identity_of(target.service_account, target.namespace, mesh.namespace, mesh.trust_domain)
        try:
            found.append((target, from_der(await leaf(target.address, own))))
        except (NoCertificate, NotACertificate) as error:
            found.append((target, str(error)))
    return found


def _text(target: Target, shown: Certificate | str, count: str) -> str:
    title = f"POD {target.pod} ({count})"
    if isinstance(shown, str):
        return f"{title}\n  no certificate: {shown}"
    lines = {
        "Subject": shown.subject or "-",
        "DNS names": ", ".join(shown.dns_names) or "-",
        "URIs": ", ".join(shown.uris) or "-",
        "Issuer": shown.issuer,
        "Not before": f"{shown.not_before:%Y-%m-%d %H:%M:%S} UTC",
        "Not after": f"{shown.not_after:%Y-%m-%d %H:%M:%S} UTC",
        "Serial": f"{shown.serial:x}",
        "Key": shown.key,
    }
    return "\n".join([title, *(f"  {name + ':':<12}{value}" for name, value in lines.items())])


def _document(target: Target, shown: Certificate | str) -> dict[str, Any]:
    pod = {"namespace": target.namespace, "pod": target.pod}
    if isinstance(shown, str):
        return {**pod, "error": shown}
    return {
        **pod,
        "subject": shown.subject,
        "dns_names": list(shown.dns_names),
        "uris": list(shown.uris),
        "issuer": shown.issuer,
        "not_before": shown.not_before.isoformat(),
        "not_after": shown.not_after.isoformat(),
        "serial": f"{shown.serial:x}",
        "key": shown.key,
    }
