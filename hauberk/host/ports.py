"""Ports as people write them: `8080`, `80:8080`, `4190-4191,9000`."""

from dataclasses import dataclass

PORT_MAX = 65535
RANGE_PORTS_MAX = 4096
"""How many ports one list may name: each becomes an element of a kernel set, and more is surely a mistake."""
PROXY_PORTS = (4140, 4143, 4190, 4191)
"""The proxy's own: a program beside it cannot listen there."""
UNREDIRECTED_INBOUND = (4190, 4191)
"""Always skipped: the proxy answers on them itself."""


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of the Service and where the program listens for it."""

    port: int
    target_port: int


def service_port(text: str) -> ServicePort:
    """Reads `TARGET` or `SERVICE:TARGET`. Raises ValueError with a sentence for the person."""
    outer, colon, inner = text.partition(":")
    found = ServicePort(port(outer), port(inner if colon else outer))
    if found.target_port in PROXY_PORTS:
        raise ValueError(f"port {found.target_port} is the proxy's own; the program has to listen on another one")
    return found


def port_list(text: str) -> list[int]:
    """Reads a comma-separated list of ports and ranges, sorted and without repeats."""
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        low = port(first)
        high = port(last) if dash else low
        if high < low:
            raise ValueError(f"the range {part} runs backwards")
        found.update(range(low, high + 1))
        if len(found) > RANGE_PORTS_MAX:
            raise ValueError(f"{text} names more than {RANGE_PORTS_MAX} ports")
    return sorted(found)


def port(text: str) -> int:
    """Reads one port. Raises ValueError with a sentence for the person."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= PORT_MAX:
        raise ValueError(f"{text!r} is no port: a number from 1 to {PORT_MAX}")
    return int(text)
