"""Durations as annotations give them: the proxy's own form, or Go's. Pure."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"0|([0-9]{1,9})(ms|s|m|h|d)")
_GO = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|µs|ms|s|m|h))+")
_GO_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_MS = {
    "ns": Decimal("0.000001"),
    "us": Decimal("0.001"),
    "µs": Decimal("0.001"),
    "ms": Decimal(1),
    "s": Decimal(1000),
    "m": Decimal(60_000),
    "h": Decimal(3_600_000),
    "d": Decimal(86_400_000),
}
_LONGEST_MS = 100 * 366 * 86_400_000
"""What the proxy takes."""


def duration(text: str) -> str:
    """The proxy's form: a whole number with ms, s, m, h or d. Go's form (`1m30s`, `1.5s`) becomes milliseconds.

    Raises ValueError.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        milliseconds = Decimal(plain[1] or 0) * _MS[plain[2] or "ms"]
    elif _GO.fullmatch(text):
        milliseconds = sum((Decimal(amount) * _MS[unit] for amount, unit in _GO_PART.findall(text)), Decimal(0))
    else:
        raise ValueError(f"{text[:64]!r} is not a duration such as 500ms, 30s or 2m")
    if milliseconds > _LONGEST_MS:
        raise ValueError(f"{text[:64]!r} is longer than 100 years")
    # What is short, but not nothing, must not become nothing.
    return text if plain is not None else f"{milliseconds.to_integral_value(rounding='ROUND_CEILING')}ms"
