"""Pods with proxies, as commands name them: by their own name, by their workload's, or by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.client.api import Client
    from hauberk.telemetry.target import Target


async def chosen(client: Client, names: Sequence[str], namespace: str, selector: str) -> list[Target]:
    """The proxies that are meant, sorted. Raises CommandFailed for a name that is no pod's and no workload's."""
    from hauberk.telemetry.observe import pod_items
    from hauberk.telemetry.target import readable, targets

    if bool(names) == bool(selector):
        raise click.UsageError("say which: either names of pods and workloads, or -l LABELS")
    found = readable(targets(await pod_items(client, namespace, selector)))
    kept: dict[str, Target] = {target.name: target for target in found} if selector else {}
    for name in (name.removeprefix("pod/").removeprefix("workload/") for name in names):
        meant = [target for target in found if name in (target.pod, target.workload)]
        if not meant:
            raise CommandFailed(
                f"there is no pod or workload {name!r} with a proxy in namespace {namespace}",
                hint=f"hauberk get pods -n {namespace}",
            )
        kept |= {target.name: target for target in meant}
    if not kept:
        raise CommandFailed(f"no pod in namespace {namespace} has the labels {selector}", hint="hauberk get pods -A")
    return [kept[name] for name in sorted(kept)]
