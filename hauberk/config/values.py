"""Texts → values of settings. Each raises ValueError, whose text says what is allowed. Pure."""

import re
from datetime import timedelta
from ipaddress import AddressValueError, IPv4Address, IPv4Network, ip_network
from pathlib import Path

from hauberk.config.duration import parse_duration
from hauberk.config.groups import IPNetwork

INBOUND_POLICIES = (
    "all-unauthenticated",
    "all-authenticated",
    "cluster-unauthenticated",
    "cluster-authenticated",
    "deny",
    "audit",
)

LOG_LEVELS = ("debug", "info", "warning", "error")

ISSUER_SCHEMES = ("generated", "linkerd.io/tls", "kubernetes.io/tls")

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_INTERFACE = re.compile(r"[A-Za-z0-9_.-]{1,15}")
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def path(text: str) -> Path:
    found = Path(text)
    if not found.is_absolute():
        raise ValueError("an absolute path")
    return found


def address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise ValueError("an IPv4 address") from None


def listen(text: str) -> tuple[IPv4Address, int]:
    host, _, port = text.rpartition(":")
    try:
        found = IPv4Address(host)
    except AddressValueError:
        raise ValueError("an IPv4 address and a port, as in 10.77.0.1:8086") from None
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError("an IPv4 address and a port from 1 to 65535")
    return found, int(port)


def workload_network(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text)
    except ValueError:
        raise ValueError("an IPv4 network in CIDR notation, as in 10.77.0.0/16") from None
    if not 8 <= network.prefixlen <= 28:
        raise ValueError("a network with a prefix from /8 to /28")
    return network


def networks(text: str) -> tuple[IPNetwork, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("networks in CIDR notation with commas between, as in 10.0.0.0/8,fd00::/8") from None


def interface(text: str) -> str:
    if _INTERFACE.fullmatch(text) is None or text in (".", ".."):
        raise ValueError("the name of a network interface: at most 15 letters, digits, _, . and -")
    return text


def label(text: str) -> str:
    if _LABEL.fullmatch(text) is None:
        raise ValueError("a DNS label: a-z, 0-9 and - inside, at most 63 characters")
    return text


def labels(text: str) -> tuple[str, ...]:
    return tuple(label(part.strip()) for part in text.split(","))


def domain(text: str) -> str:
    if len(text) > 190 or not all(_LABEL.fullmatch(part) for part in text.split(".")):
        raise ValueError("a domain such as cluster.local, without a dot at the end")
    return text


def inbound_policy(text: str) -> str:
    if text not in INBOUND_POLICIES:
        raise ValueError(f"one of {', '.join(INBOUND_POLICIES)}")
    return text


def log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}")
    return text


def issuer_scheme(text: str) -> str:
    if text not in ISSUER_SCHEMES:
        raise ValueError(f"one of {', '.join(ISSUER_SCHEMES)}")
    return text


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError("a port from 1 to 65535")
    return int(text)


def ports(text: str) -> str:
    for part in text.split(","):
        found = _PORTS.fullmatch(part.strip())
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= low <= high <= 65535:
            raise ValueError("ports and ranges of ports with commas between, as in 25,8000-8010")
    return text


def duration(text: str) -> timedelta:
    length = parse_duration(text)
    if length <= timedelta():
        raise ValueError("longer than nothing")
    return length


def part(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 1:
        raise ValueError("a number between 0 and 1")
    return found
