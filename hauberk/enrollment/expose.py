"""The Service of a program that `hauberk run` starts with ports. Pure.

It has the program's name, selects `app=NAME` and keeps its virtual IP: it stays when the last replica has ended, so
that clients which hold the address meet an empty service and not a stranger. `hauberk delete service NAME` removes it.
A Service of that name that somebody else made is left as it is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

import msgspec

from hauberk.catalog.ports import OPAQUE_PORTS, parse_ports
from hauberk.enrollment.addresses import choose
from hauberk.enrollment.answer import Refusal
from hauberk.enrollment.mesh import MANAGED_BY_LABEL, MANAGED_BY_RUN, Mesh
from hauberk.enrollment.request import EnrollmentSpec, PortRequest
from hauberk.model.metadata import ObjectMeta
from hauberk.model.service import Service, ServicePort, ServiceSpec


@dataclass(frozen=True)
class ServiceChange:
    """A Service to create, or to update from the resource version that it carries."""

    service: Service
    is_new: bool


def expose(
    namespace: str,
    spec: EnrollmentSpec,
    service: Service | None,
    namesakes: Collection[int],
    taken: Collection[IPv4Address],
    mesh: Mesh,
) -> ServiceChange | Refusal | None:
    """Return what has to become of the Service `spec.name`; None if nothing. May raise AddressesExhausted.

    `namesakes` are the ports on which living replicas listen: a port of the Service is not taken away from them.
    """
    if not spec.ports:
        return None
    if service is None:
        address = str(choose(mesh.service_network, name=f"{namespace}/{spec.name}", taken=taken))
        return ServiceChange(_new_service(namespace, spec, address, mesh), is_new=True)
    if service.metadata.labels.get(MANAGED_BY_LABEL) != MANAGED_BY_RUN:
        return None
    ports = {port.port: port for port in service.spec.ports}
    for request in spec.ports:
        old = ports.get(request.port)
        if old is not None and old.target_port != request.container_port and old.target_port in namesakes:
            return Refusal(
                "Conflict",
                f"port {request.port} of service {spec.name} goes to port {old.target_port} of its other replicas, "
                f"not to {request.container_port}",
                "use the same target port, stop the other replicas first, or choose another name",
                "spec.ports",
            )
        if old is None or old.target_port != request.container_port:
            ports[request.port] = _port(request, several=True)
    named = tuple(_named(port) for port in ports.values()) if len(ports) > 1 else tuple(ports.values())
    annotations = _annotations(spec, service.metadata.annotations, ports, mesh)
    if named == tuple(service.spec.ports) and annotations == service.metadata.annotations:
        return None
    changed = msgspec.structs.replace(
        service,
        metadata=msgspec.structs.replace(service.metadata, annotations=annotations),
        spec=msgspec.structs.replace(service.spec, ports=named),
    )
    return ServiceChange(changed, is_new=False)


def _new_service(namespace: str, spec: EnrollmentSpec, address: str, mesh: Mesh) -> Service:
    return Service(
        metadata=ObjectMeta(
            name=spec.name,
            namespace=namespace,
            labels={MANAGED_BY_LABEL: MANAGED_BY_RUN},
            annotations=_annotations(spec, {}, (), mesh),
        ),
        spec=ServiceSpec(
            selector={"app": spec.name},
            ports=_ports(spec.ports),
            cluster_ip=address,
            cluster_ips=(address,),
        ),
    )


def _annotations(spec: EnrollmentSpec, before: Mapping[str, str], ports: Collection[int], mesh: Mesh) -> dict[str, str]:
    """The Service's: its list of opaque ports follows that of the program, which names the ports that it listens on.

    `ports` are those that the Service has already; what holds of the ones that the program does not have stays.
    """
    asked = spec.annotations.get(OPAQUE_PORTS)
    if asked is None:
        return dict(before)
    own = {request.port: request.container_port for request in spec.ports}
    listed, kept = parse_ports(asked), parse_ports(before.get(OPAQUE_PORTS, mesh.opaque_ports))
    opaque = {port for port, target in own.items() if listed.has(target)}
    opaque |= {port for port in ports if port not in own and kept.has(port)}
    return {**before, OPAQUE_PORTS: ",".join(map(str, sorted(opaque)))}


def _ports(requests: Sequence[PortRequest]) -> tuple[ServicePort, ...]:
    return tuple(_port(request, several=len(requests) > 1) for request in requests)


def _port(request: PortRequest, *, several: bool) -> ServicePort:
    port = ServicePort(
        name=request.name,
        port=request.port,
        target_port=request.container_port,
        protocol="TCP",
        app_protocol=request.app_protocol,
    )
    return _named(port) if several else port


def _named(port: ServicePort) -> ServicePort:
    """Where a Service has several ports, each has a name."""
    return port if port.name else msgspec.structs.replace(port, name=f"port-{port.port}")
