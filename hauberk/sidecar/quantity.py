"""Amounts of CPU and memory, as Kubernetes writes them (`100m`, `64Mi`, `1.5`). Pure."""

import re
from decimal import Decimal
from math import ceil

_QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?")
_UNITS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}


def quantity(text: str) -> str:
    """Raises ValueError."""
    amount(text)
    return text


def amount(text: str) -> Decimal:
    """Raises ValueError."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:64]!r} is not an amount such as 100m or 64Mi")
    unit = _UNITS[found[2]] if found[2] else Decimal(1)
    return Decimal(found[1]) * unit * Decimal(10) ** int(found[3] or 0)


def cores(limit: str) -> int:
    """How many threads a limit of CPU allows, at least one."""
    return max(1, ceil(amount(limit)))
