"""A Service and a port → its ready endpoints. Pure: snapshot and question in, answer out."""

from collections.abc import Iterator
from dataclasses import dataclass

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, ServiceName, service_of
from hauberk.catalog.ports import service_port, service_protocol
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.answer import MISSING, Address, Endpoint, Endpoints
from hauberk.destination.endpoint import pod_endpoint
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.service import Service, ServicePort


@dataclass(frozen=True, slots=True)
class Question:
    """The endpoints of a Service's port; or, with `service.instance`, of that one among them."""

    service: ServiceName
    port: int
    node: str = ""
    """Where the client runs; only asked where the Service keeps traffic on the node."""


def question_of(mesh: Mesh, authority: Authority) -> Question | Refusal:
    """What a client means by an authority."""
    if authority.ip is not None:
        return Refusal("invalid-argument", f"{authority.host} is an address; Get takes names, GetProfile addresses")
    service = service_of(authority.host, mesh.cluster_domain)
    if service is None:
        return Refusal("invalid-argument", f"{authority.host} is not a name under svc.{mesh.cluster_domain}")
    return Question(service=service, port=authority.port)


def resolve(mesh: Mesh, snapshot: Snapshot, question: Question) -> Endpoints | Refusal:
    """The ready endpoints at this moment; `exists` is false where there is no such Service."""
    name = question.service
    service = snapshot.service(name.namespace, name.name)
    if service is None:
        return MISSING
    if service.spec.type == "ExternalName":
        return Refusal("invalid-argument", f"Service {name.namespace}/{name.name} is an ExternalName: no endpoints")
    labels = (("namespace", name.namespace), ("service", name.name))
    port = service_port(service, question.port)
    if port is None:
        return Endpoints(exists=True, labels=labels)
    found = sorted(_endpoints(mesh, snapshot, service, port, name.instance), key=lambda e: e.address)
    return Endpoints(exists=True, labels=labels, by_address=_one_family({e.address: e for e in found}))


def _endpoints(
    mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort, instance: str
) -> Iterator[Endpoint]:
    opaque = service_protocol(mesh, snapshot, service, port) == "opaque"
    for part in snapshot.slices(service.metadata.namespace, service.metadata.name):
        number = _number_of(part, port)
        if number is None:
            continue
        for listed in part.endpoints:
            if not listed.conditions.is_ready or (instance and listed.hostname != instance):
                continue
            target = listed.target_ref
            for ip in listed.addresses:
                if target is None or target.kind != "Pod":
                    yield Endpoint(ip=ip, port=number, opaque=opaque)
                    continue
                pod = snapshot.pod(target.namespace or service.metadata.namespace, target.name)
                # A Pod that is gone leaves its slice a moment later; without its facts it would look like no member
                # of the mesh, and traffic to its address, perhaps another's by now, would go in plain text.
                if pod is not None and pod.metadata.deletion_timestamp is None:
                    yield pod_endpoint(mesh, snapshot, pod, ip, number, opaque=opaque)


def _number_of(part: EndpointSlice, port: ServicePort) -> int | None:
    return next((p.port for p in part.ports if (p.name or "") == (port.name or "") and p.protocol == "TCP"), None)


def _one_family(found: dict[Address, Endpoint]) -> dict[Address, Endpoint]:
    """IPv4 where there is any: the same endpoint in both families must not count twice."""
    ipv4 = {address: endpoint for address, endpoint in found.items() if ":" not in address[0]}
    return ipv4 or found
