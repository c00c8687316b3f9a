"""What annotations may say: a text in, the same in its plainest form out. Pure.

Each function raises ValueError, whose text says what is wrong.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise

from hauberk.model.names import is_port_name

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True", "enabled"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False", "disabled"})
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,512}")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_SKIPPED_MAX = 100
"""What a redirect takes in one list."""

Check = Callable[[str], str]


def boolean(text: str) -> str:
    """As Go's strconv.ParseBool, and `enabled` or `disabled`."""
    if text not in _TRUE | _FALSE:
        raise ValueError(f"{text[:64]!r} is neither true nor false")
    return "true" if text in _TRUE else "false"


def port(text: str) -> str:
    if not _is_port(text):
        raise ValueError(f"{text[:64]!r} is not a port: 1 to 65535")
    return str(int(text))


def ports(text: str) -> str:
    """Ports and ranges such as `80,8000-8010`, in order and none twice: nobody has to hold more than there are."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(_range(part) for part in _parts(text)):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in found)


def few_ports(text: str) -> str:
    """Ports and ranges, no more than a redirect takes; neighbours count as one."""
    found = ports(text)
    ranges = [
        (int(low), int(high or low)) for low, _, high in (part.partition("-") for part in found.split(",") if part)
    ]
    apart = len(ranges) - sum(before[1] + 1 == after[0] for before, after in pairwise(ranges))
    if apart > _SKIPPED_MAX:
        raise ValueError(f"these are more than {_SKIPPED_MAX} separate ranges of ports; join them to larger ones")
    return found


def ports_or_names(text: str) -> str:
    """Ports, ranges, and names that containers give to their ports; the names come last."""
    parts = _parts(text)
    names = dict.fromkeys(part for part in parts if is_port_name(part))
    numbers = ports(",".join(part for part in parts if part not in names))
    return ",".join(filter(None, (numbers, *names)))


def networks(text: str) -> str:
    """Networks and addresses, no more than a redirect takes; neighbours count as one."""
    found = list(dict.fromkeys(_network(part) for part in _parts(text)))
    apart = [
        *collapse_addresses(network for network in found if isinstance(network, IPv4Network)),
        *collapse_addresses(network for network in found if isinstance(network, IPv6Network)),
    ]
    if len(apart) > _SKIPPED_MAX:
        raise ValueError(f"these are more than {_SKIPPED_MAX} networks; join them to larger ones")
    return ",".join(map(str, found))


def word(*allowed: str) -> Check:
    """One of these."""

    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{text[:64]!r} is none of {', '.join(filter(None, allowed))}")
        return text

    return check


def number(least: int, most: int) -> Check:
    def check(text: str) -> str:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10 and least <= int(text) <= most):
            raise ValueError(f"{text[:64]!r} is not a whole number from {least} to {most}")
        return str(int(text))

    return check


def ratio(text: str) -> str:
    if not re.fullmatch(r"0(\.[0-9]{1,9})?|1(\.0{1,9})?", text) or float(text) == 0:
        raise ValueError(f"{text[:64]!r} is not a number above 0 and up to 1")
    return text


def log_level(text: str) -> str:
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("is not a log filter such as warn,linkerd=info")
    return text


def image(text: str) -> str:
    if not _IMAGE.fullmatch(text):
        raise ValueError(f"{text[:64]!r} is not the name of an image")
    return text


def tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise ValueError(f"{text[:64]!r} is not the tag of an image")
    return text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _network(part: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(part, strict=False)
    except ValueError:
        raise ValueError(f"{part[:64]!r} is neither a network such as 10.0.0.0/8 nor an address") from None


def _range(part: str) -> tuple[int, int]:
    low, dash, high = part.partition("-")
    if not (_is_port(low) and (not dash or _is_port(high))) or (dash and int(low) > int(high)):
        raise ValueError(f"{part[:64]!r} is neither a port (1 to 65535) nor a range of ports")
    return int(low), int(high or low)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535
