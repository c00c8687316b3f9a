"""Names of the cluster and `host:port` strings, as proxies and programs write them."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

DEFAULT_PORT = 80
"""Of an authority that names none; the contract's own rule."""

HOST_LENGTH_MAX = 253
"""RFC 1035, section 2.3.4, without the trailing dot."""

LABEL_LENGTH_MAX = 63
"""RFC 1035, section 2.3.4."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A host (a DNS name in lower case without trailing dot, or an address in its shortest form) and a port."""

    host: str
    port: int

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The host as an address, if it is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class ServiceName:
    """What a name of the cluster says: a Service, or with `instance` one of its pods."""

    name: str
    namespace: str
    instance: str = ""


def parse_authority(text: str) -> Authority | None:
    """`host:port`, `host`, `1.2.3.4:80` or `[::1]:80`; None if it is none of them."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        port_text = rest[1:] if rest else None
    else:
        host, colon, tail = text.partition(":")
        port_text = tail if colon else None
    port = DEFAULT_PORT if port_text is None else _port(port_text)
    host = host.removesuffix(".").lower()
    if port is None or not _is_host(host, bracketed=text.startswith("[")):
        return None
    authority = Authority(host=host, port=port)
    return Authority(host=str(authority.ip), port=port) if authority.ip is not None else authority


def service_of(host: str, cluster_domain: str, *, short: bool = False) -> ServiceName | None:
    """`svc.ns.svc.DOMAIN` or `instance.svc.ns.svc.DOMAIN`; with `short` also `svc.ns.svc`."""
    labels = host.split(".")
    suffix = ["svc", *cluster_domain.split(".")]
    if labels[-len(suffix) :] == suffix:
        labels = labels[: -len(suffix)]
    elif short and labels[-1:] == ["svc"]:
        labels = labels[:-1]
    else:
        return None
    match labels:
        case [name, namespace]:
            return ServiceName(name=name, namespace=namespace)
        case [instance, name, namespace]:
            return ServiceName(name=name, namespace=namespace, instance=instance)
        case _:
            return None


def _port(text: str) -> int | None:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        return None
    port = int(text)
    return port if 1 <= port <= 65535 else None


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:
        return Authority(host, DEFAULT_PORT).ip is not None
    if not host or len(host) > HOST_LENGTH_MAX or not host.isascii():
        return False
    return all(label and len(label) <= LABEL_LENGTH_MAX and _LABEL.issuperset(label) for label in host.split("."))


_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
