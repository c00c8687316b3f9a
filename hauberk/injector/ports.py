"""The ports that a pod declares, and lists of ports against them. Pure."""

from collections.abc import Iterator

from hauberk.injector.subject import Container, Spec
from hauberk.sidecar.syntax import ports as list_of_ports


def inbound_ports(spec: Spec) -> list[int]:
    """On which peers and probes reach the programs, as far as the pod says."""
    return sorted({*declared(spec), *(port for c in spec.lasting for port in _probed(c))})


def declared(spec: Spec) -> frozenset[int]:
    """Of TCP."""
    return frozenset(p.container_port for c in spec.lasting for p in c.ports or () if p.is_tcp)


def without_proxy(spec: Spec) -> list[str]:
    """Ports of protocols that no proxy carries, such as `53/UDP`."""
    return sorted({f"{p.container_port}/{p.protocol}" for c in spec.lasting for p in c.ports or () if not p.is_tcp})


def numbered(listed: str, spec: Spec) -> tuple[str, tuple[str, ...]]:
    """A list without names: they became the numbers that the pod gives them. And the names that it gives to nothing."""
    declarations = (p for c in spec.lasting for p in c.ports or () if p.name and 1 <= p.container_port <= 65535)
    names = {p.name: p.container_port for p in declarations}
    parts = [part for part in listed.split(",") if part]
    known = [str(names.get(part, part)) for part in parts if _is_numeric(part) or part in names]
    return list_of_ports(",".join(known)), tuple(part for part in parts if not _is_numeric(part) and part not in names)


def among(listed: str, ports: frozenset[int]) -> list[int]:
    """Those of the ports that a list of numbers and ranges has."""
    ranges = [
        (int(low), int(high or low)) for low, _, high in (part.partition("-") for part in listed.split(",") if part)
    ]
    return sorted(port for port in ports if any(low <= port <= high for low, high in ranges))


def _probed(container: Container) -> Iterator[int]:
    names = {p.name: p.container_port for p in container.ports or () if p.name}
    for port in container.probed:
        number = port if isinstance(port, int) else names.get(port, 0)
        if 1 <= number <= 65535:
            yield number


def _is_numeric(part: str) -> bool:
    return part[0].isdecimal() and part.replace("-", "").isdecimal()
