"""Durations as the Gateway API writes them (GEP-2257)."""

import re

FORM = re.compile(r"([0-9]{1,5}(h|m|s|ms)){1,4}")
"""GEP-2257: a subset of what Go accepts, without fractions and signs."""

_PART = re.compile(r"([0-9]{1,5})(ms|h|m|s)")
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def milliseconds(text: str) -> int | None:
    """Return the length of a duration such as `1m30s`; None if it is not one."""
    if FORM.fullmatch(text) is None:
        return None
    return sum(int(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(text))
