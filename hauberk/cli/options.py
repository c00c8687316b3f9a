"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_NAMESPACE = "default"


def namespace(function: F) -> F:
    """`-n`; None where it was not given."""
    text = f"The namespace [default: {DEFAULT_NAMESPACE}]."
    return click.option("-n", "--namespace", metavar="NAME", help=text)(function)


def all_namespaces(function: F) -> F:
    """`-A`."""
    return click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces.")(function)


def selector(function: F) -> F:
    """`-l`."""
    return click.option(
        "-l", "--selector", metavar="LABELS", default="", help="Only what has these labels, such as app=web,tier!=test."
    )(function)


def window(default: str | None) -> Callable[[F], F]:
    """`-t`, in seconds."""
    return click.option(
        "-t",
        "--time-window",
        "window_s",
        metavar="DURATION",
        default=default,
        show_default=default is not None,
        callback=_seconds,
        help="How long traffic is observed, such as 10s or 1m.",
    )


def scope(asked: str | None, *, everywhere: bool) -> str | None:
    """The namespace that is meant; None for all."""
    if everywhere:
        if asked is not None:
            raise click.UsageError("-n and -A exclude each other")
        return None
    return asked or DEFAULT_NAMESPACE


def pairs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """The callback of options that take KEY=VALUE."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE", context, parameter)
        found[key] = value
    return found


def _seconds(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    from hauberk.config.values import duration

    try:
        return duration(text).total_seconds()
    except ValueError as error:
        raise click.BadParameter(f"{text!r} must be {error}", context, parameter) from None
