"""Durations as people write them."""

import re
from datetime import timedelta

_PART = re.compile(r"([0-9]{1,9})(ms|s|m|h|d|y)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "y": timedelta(days=365),
}


def parse_duration(text: str) -> timedelta:
    """Return the length of `24h`, `10s`, `500ms`, `1h30m`, `365d` or `1y` (365 days). Raises ValueError."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("a number with a unit: ms, s, m, h, d or y, as in 24h or 1m30s")
    try:
        return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
    except OverflowError:
        raise ValueError("a duration that a calendar can hold") from None


def show_duration(length: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads as this length."""
    left, shown = length, ""
    for unit in ("y", "d", "h", "m", "s", "ms"):
        count = left // _UNITS[unit]
        left -= count * _UNITS[unit]
        shown += f"{count}{unit}" if count else ""
    return shown or "0s"
