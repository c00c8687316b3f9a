"""What `check` looks at, a machine or a cluster, and how long it waits for it to be well."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, installing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hauberk.check.kubernetes.wish import Wish
    from hauberk.check.report import Category
    from hauberk.client.api import Client
    from hauberk.config.chart import Values

PATIENCE_S = 300.0
"""In front of a cluster, where nothing else is said."""
_STEP_S = 1.0
_LONGEST_S = 24 * 3600.0
_SHOWN = 60
"""Characters of a line of progress."""
_IN_CLUSTER = ("kubeconfig", "context", "as_user", "as_groups", "pre", "proxy", "mesh_namespace")
"""Options that mean nothing on a machine."""
_VALUES = ("high_availability", "files", "set_", "set_string", "set_file")
"""Options that only mean something before an installation."""


def is_cluster_meant(options: Mapping[str, Any], socket: str | None) -> bool:
    """Whether to look at a cluster."""
    if any(options[name] for name in _IN_CLUSTER):
        return True
    if socket or os.environ.get("HAUBERK_SOCKET"):
        return False
    return not _answers_here() and _has_kubeconfig()


def namespace(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """The callback of `--mesh-namespace`. Unlike its environment variable it says that a cluster is meant."""
    from hauberk.cli.kubernetes import label

    return None if text is None else label(context, parameter, text)


def mesh_namespace() -> str:
    """Where the control plane is if no option says so. Raises CommandFailed."""
    from hauberk.cli.kubernetes import DEFAULT_NAMESPACE
    from hauberk.config.values import label

    found = os.environ.get("HAUBERK_MESH_NAMESPACE", DEFAULT_NAMESPACE)
    try:
        return label(found)
    except ValueError as error:
        raise failure.CommandFailed(f"HAUBERK_MESH_NAMESPACE={found!r} must be {error}", code=failure.USAGE) from None


def values(options: Mapping[str, Any]) -> dict[str, Values]:
    """Those of an installation to be, if there are any. Raises UsageError and CommandFailed."""
    if not any(options[name] for name in _VALUES):
        return {}
    if not options["pre"]:
        raise click.UsageError("values are those of what is to be installed: they go with --pre")
    return {"values": installing.values_of(installing.asked_of(options))}


def duration_s(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """The callback of `--wait`."""
    from hauberk.config.duration import parse_duration

    if text is None or text == "0":
        return None if text is None else 0.0
    try:
        found = parse_duration(text).total_seconds()
    except ValueError as error:
        raise click.BadParameter(f"{text!r} must be 0, or {error}", context, parameter) from None
    if found > _LONGEST_S:
        raise click.BadParameter(f"{text!r} is longer than a day", context, parameter)
    return found


async def patiently(look: Callable[[], Awaitable[list[Category]]], wait_s: float) -> list[Category]:
    """Look until all is well, until something is wrong that stays wrong by itself, or until the time is over."""
    import asyncio
    import time

    from hauberk.check.report import may_settle

    end = time.monotonic() + wait_s
    while True:
        found = await look()
        left = end - time.monotonic()
        if left <= 0 or not may_settle(found):
            _progress("")
            return found
        _progress(_waiting_for(found, left))
        await asyncio.sleep(min(_STEP_S, left))


def of_cluster(options: Mapping[str, Any], wish: Wish, *, pre: bool, wait_s: float) -> list[Category]:
    """An API that cannot be asked is a finding, too."""
    from hauberk.check.kubernetes.api import ApiFacts, api
    from hauberk.cli import kubernetes

    try:
        return kubernetes.converse(options, lambda client: _followed(client, wish, pre=pre, wait_s=wait_s))
    except failure.CommandFailed as error:
        hint = error.told.hint or "see whom the kubeconfig names: kubectl config view --minify"
        return api(ApiFacts(error=error.told.message, hint=hint))


async def _followed(client: Client, wish: Wish, *, pre: bool, wait_s: float) -> list[Category]:
    from hauberk.check.kubernetes.asking import look_before
    from hauberk.check.kubernetes.looking import look
    from hauberk.runtime.clock import SystemClock

    work = look_before if pre else look
    return await patiently(lambda: work(client, wish, SystemClock()), wait_s)


def _answers_here() -> bool:
    """Whether a control plane of this machine does."""
    import asyncio

    from hauberk.client.endpoint import socket_candidates
    from hauberk.client.errors import Unreachable
    from hauberk.client.locate import locate

    try:
        asyncio.run(locate(socket_candidates(os.environ)))
    except Unreachable:
        return False
    return True


def _has_kubeconfig() -> bool:
    from hauberk.client.kubeconfig_files import places

    return any(path.exists() for path in places(os.environ, explicit=None))


def _waiting_for(found: list[Category], left_s: float) -> str:
    wrong = next(check.description for category in found for check in category.checks if check.outcome == "error")
    return f"waiting until {wrong} ({left_s:.0f} s)"[:_SHOWN]


def _progress(text: str) -> None:
    """One line, which the next one replaces; for a person who looks."""
    if sys.stderr.isatty():
        click.echo(f"\r{text:<{_SHOWN}}" + ("" if text else "\r"), nl=False, err=True)
