"""What becomes of an object that is written: what the server owns is kept, what makes no sense is refused. Pure."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

import msgspec

from hauberk.apiserver.status import Cause
from hauberk.enrollment.addresses import AddressesExhausted, choose, is_host_of
from hauberk.model.kinds import Resource
from hauberk.model.service import Service

HEADLESS = "None"


class NotAdmitted(Exception):
    """The object is refused; `causes` name the fields."""

    def __init__(self, *causes: Cause) -> None:
        super().__init__("; ".join(f"{cause.field}: {cause.message}" for cause in causes))
        self.causes = causes


def as_new(wanted: Resource) -> Resource:
    """Return the wanted object without what only the server says of one: its end and its status."""
    metadata = msgspec.structs.replace(wanted.metadata, deletion_timestamp=None)
    own: dict[str, Any] = {"metadata": metadata}
    for field in msgspec.structs.fields(wanted):
        if field.name == "status":
            own["status"] = field.default
    return msgspec.structs.replace(wanted, **own)


def carried_over(wanted: Resource, stored: Resource) -> Resource:
    """Return the wanted object with what its author cannot change: identity, age and status."""
    metadata = msgspec.structs.replace(
        stored.metadata,
        labels=wanted.metadata.labels,
        annotations=wanted.metadata.annotations,
        owner_references=wanted.metadata.owner_references,
    )
    kept = {"metadata": metadata}
    if hasattr(stored, "status"):
        kept["status"] = stored.status
    return msgspec.structs.replace(wanted, **kept)


def with_status(wanted: Resource, stored: Resource) -> Resource:
    """Return the stored object with the status of the wanted one."""
    return msgspec.structs.replace(stored, status=getattr(wanted, "status", None))


def with_address(
    service: Service, stored: Service | None, *, network: IPv4Network, taken: Collection[IPv4Address]
) -> Service:
    """Return the Service with its virtual IP: the one that it has, the one that is asked for, or a free one.

    `taken` are the addresses of the other Services. Raises NotAdmitted.
    """
    asked, held = service.spec.cluster_ip, stored.spec.cluster_ip if stored is not None else None
    if asked and held and asked != held:
        raise NotAdmitted(Cause("spec.clusterIP", f"cannot be changed from {held}: delete the Service first"))
    if held:
        return _addressed(service, held)
    if asked == HEADLESS:
        return _addressed(service, asked)
    if asked:
        return _addressed(service, str(_requested(asked, network, taken)))
    try:
        name = f"{service.metadata.namespace}/{service.metadata.name}"
        return _addressed(service, str(choose(network, name=name, taken=taken)))
    except AddressesExhausted as e:
        raise NotAdmitted(Cause("spec.clusterIP", str(e), "InternalError")) from None


def addresses_of(services: Iterable[Service]) -> frozenset[IPv4Address]:
    """Return the virtual IPs that Services have."""
    found = (_parsed(service.spec.cluster_ip or "") for service in services)
    return frozenset(address for address in found if address is not None)


@lru_cache(maxsize=1 << 16)
def _parsed(text: str) -> IPv4Address | None:
    """None for a Service without address, or a headless one. Each write looks at the addresses of all Services."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def _requested(text: str, network: IPv4Network, taken: Collection[IPv4Address]) -> IPv4Address:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise NotAdmitted(Cause("spec.clusterIP", f"{text!r} is neither an IPv4 address nor None")) from None
    if not is_host_of(network, address):
        raise NotAdmitted(Cause("spec.clusterIP", f"{address} is not in the service network {network}"))
    if address in taken:
        raise NotAdmitted(Cause("spec.clusterIP", f"{address} is another Service's: choose another or leave it out"))
    return address


def _addressed(service: Service, address: str) -> Service:
    spec = msgspec.structs.replace(service.spec, cluster_ip=address, cluster_ips=(address,))
    return msgspec.structs.replace(service, spec=spec)
