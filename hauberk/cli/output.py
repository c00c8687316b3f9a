"""How results are printed: aligned tables for people, JSON and YAML for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_GAP = "   "
_COLOURS = {"√": "green", "‼": "yellow", "×": "red"}  # noqa: RUF001 - Linkerd's marks


def option(*choices: str) -> Callable[[F], F]:
    """The option `-o`; the first choice is the default."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="Form of the output.",
    )


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> str:
    """Columns aligned by blanks, as kubectl prints them. `right`: the headers of columns that hold numbers."""
    widths = [max(len(line[i]) for line in (headers, *rows)) for i in range(len(headers))]
    aligned = [header in right for header in headers]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, aligned, strict=True)
        )
        return _GAP.join(padded).rstrip()

    return "\n".join(line(cells) for cells in (headers, *rows))


def document(value: object, form: str) -> str:
    """A value as `json` or `yaml`."""
    if form == "json":
        import json

        return json.dumps(value, indent=2, ensure_ascii=False)
    from hauberk.cli.yamltext import text_of

    return text_of(value)


def glyph(mark: str) -> str:
    """A mark of `check`, coloured when a person looks. The mark alone carries the meaning."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return mark
    return click.style(mark, fg=_COLOURS[mark], bold=True)


def percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate * 100:.2f}%"


def rate(per_second: float | None) -> str:
    return "-" if per_second is None else f"{per_second:.1f}rps"


def latency(seconds: float | None) -> str:
    """Milliseconds where Linkerd's tools show them, microseconds below one."""
    if seconds is None:
        return "-"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f}µs"
    return f"{seconds * 1000:.1f}ms" if seconds < 0.01 else f"{seconds * 1000:.0f}ms"
