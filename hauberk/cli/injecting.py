"""The options of `inject` that become annotations: one row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from hauberk.sidecar import keys
from hauberk.sidecar.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

F = TypeVar("F", bound="Callable[..., object]")

# Linkerd's names.
_VALUES: dict[str, tuple[str, str]] = {
    "--proxy-image": (keys.IMAGE, "NAME"),
    "--proxy-version": (keys.VERSION, "TAG"),
    "--image-pull-policy": (keys.PULL_POLICY, "WHEN"),
    "--inbound-port": (keys.INBOUND_PORT, "PORT"),
    "--outbound-port": (keys.OUTBOUND_PORT, "PORT"),
    "--admin-port": (keys.ADMIN_PORT, "PORT"),
    "--control-port": (keys.CONTROL_PORT, "PORT"),
    "--skip-inbound-ports": (keys.SKIP_INBOUND_PORTS, "LIST"),
    "--skip-outbound-ports": (keys.SKIP_OUTBOUND_PORTS, "LIST"),
    "--skip-subnets": (keys.SKIP_SUBNETS, "LIST"),
    "--opaque-ports": (keys.OPAQUE_PORTS, "LIST"),
    "--default-inbound-policy": (keys.DEFAULT_INBOUND_POLICY, "POLICY"),
    "--require-identity-on-inbound-ports": (keys.REQUIRE_IDENTITY, "LIST"),
    "--debug-image": (keys.DEBUG_IMAGE, "NAME"),
    "--proxy-cpu-request": (keys.CPU_REQUEST, "AMOUNT"),
    "--proxy-cpu-limit": (keys.CPU_LIMIT, "AMOUNT"),
    "--proxy-memory-request": (keys.MEMORY_REQUEST, "AMOUNT"),
    "--proxy-memory-limit": (keys.MEMORY_LIMIT, "AMOUNT"),
    "--proxy-uid": (keys.UID, "UID"),
    "--proxy-gid": (keys.GID, "GID"),
    "--proxy-log-level": (keys.LOG_LEVEL, "LEVEL"),
    "--access-log": (keys.ACCESS_LOG, "FORM"),
    "--wait-before-exit-seconds": (keys.WAIT_BEFORE_EXIT, "SECONDS"),
    "--shutdown-grace-period": (keys.GRACE_PERIOD, "DURATION"),
}
_SWITCHES: dict[str, str] = {
    "--enable-external-profiles": keys.EXTERNAL_PROFILES,
    "--enable-debug-sidecar": keys.DEBUG,
    "--native-sidecar": keys.NATIVE_SIDECAR,
}


def options(function: F) -> F:
    """One option for each."""
    for flag, key in reversed(_SWITCHES.items()):
        both = f"{flag}/--no-{flag.removeprefix('--').removeprefix('enable-')}"
        function = click.option(both, _name(flag), default=None, help=_told(key))(function)
    for flag, (key, metavar) in reversed(_VALUES.items()):
        function = click.option(flag, _name(flag), metavar=metavar, callback=_checked, help=_told(key))(function)
    return function


def settings(asked: Mapping[str, object]) -> dict[str, str]:
    """The annotations that the options ask for, in the order of the table."""
    found: dict[str, str] = {}
    for flag, key in (*((flag, key) for flag, (key, _) in _VALUES.items()), *_SWITCHES.items()):
        value = asked[_name(flag)]
        if value is not None:
            found[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def _checked(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return TABLE[_VALUES[parameter.opts[0]][0]].check(text)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def _told(key: str) -> str:
    row = TABLE[key]
    return f"{row.meaning[:1].upper()}{row.meaning[1:]}{f' [default: {row.default}]' if row.default else ''}."


def _name(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")
