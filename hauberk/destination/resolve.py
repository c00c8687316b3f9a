"""A Service and a port → the endpoints that can answer. Pure: snapshot and question in, answer out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hauberk.catalog.kinds import GONE_PHASES, canonical
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, ServiceName, service_of
from hauberk.catalog.ports import service_port, service_protocol
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.answer import MISSING, Address, Candidate, Candidates, Endpoint
from hauberk.destination.endpoint import pod_endpoint
from hauberk.model.endpointslice import Endpoint as Listed
from hauberk.model.endpointslice import EndpointHints, EndpointSlice, ObjectReference
from hauberk.model.pod import Pod
from hauberk.model.service import Service, ServicePort

State = Literal["ready", "draining", "silent"]

_NO_HINTS = EndpointHints()


@dataclass(frozen=True, slots=True)
class Question:
    """The endpoints of a Service's port; or, with `service.instance`, of that one among them."""

    service: ServiceName
    port: int


def question_of(mesh: Mesh, authority: Authority) -> Question | Refusal:
    """What a client means by an authority."""
    if authority.ip is not None:
        return Refusal("invalid-argument", f"{authority.host} is an address; Get takes names, GetProfile addresses")
    service = service_of(authority.host, mesh.cluster_domain)
    if service is None:
        return Refusal("invalid-argument", f"{authority.host} is not a name under svc.{mesh.cluster_domain}")
    return Question(service=service, port=authority.port)


def resolve(mesh: Mesh, snapshot: Snapshot, question: Question) -> Candidates | Refusal:
    """The endpoints at this moment; `exists` is false where there is no such Service."""
    name = question.service
    service = snapshot.service(name.namespace, name.name)
    if service is None:
        return MISSING
    if service.spec.type == "ExternalName":
        return Refusal("invalid-argument", f"Service {name.namespace}/{name.name} is an ExternalName: no endpoints")
    labels = (("namespace", name.namespace), ("service", name.name))
    port = service_port(service, question.port)
    if port is None:
        return Candidates(exists=True, labels=labels)
    found = _distinct(_candidates(mesh, snapshot, service, port, name.instance))
    local = service.spec.internal_traffic_policy == "Local" and not name.instance
    return Candidates(exists=True, labels=labels, all=_one_family(service, found), local=local)


def _candidates(
    mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort, instance: str
) -> Iterator[Candidate]:
    opaque = service_protocol(mesh, snapshot, service, port) == "opaque"
    for part in snapshot.slices(service.metadata.namespace, service.metadata.name):
        number = _number_of(part, port)
        if number is None or part.address_type == "FQDN":
            continue
        for listed in part.endpoints:
            ip = canonical(listed.addresses[0]) if listed.addresses else ""
            if not ip or (instance and listed.hostname != instance):
                continue
            target = listed.target_ref
            if target is None or target.kind != "Pod":
                state = _state(listed)
                endpoint = Endpoint(ip=ip, port=number, opaque=opaque)
            else:
                pod = snapshot.pod(target.namespace or service.metadata.namespace, target.name)
                # A Pod that is gone leaves its slice a moment later; without its facts it would look like no member
                # of the mesh, and traffic to its address, perhaps another's by now, would go in plain text.
                if pod is None or _is_gone(pod, target):
                    continue
                state = _state_of_pod(listed, pod, service)
                endpoint = pod_endpoint(mesh, snapshot, pod, ip, number, opaque=opaque)
            if state != "silent":
                yield _candidate(endpoint, listed, ready=state == "ready")


def _is_gone(pod: Pod, target: ObjectReference) -> bool:
    """Whether the Pod that is meant has ended, or another one has its name by now."""
    other = bool(target.uid and pod.metadata.uid) and target.uid != pod.metadata.uid
    return other or pod.status.phase in GONE_PHASES


def _state(listed: Listed) -> State:
    if listed.conditions.is_ready:
        return "ready"
    return "draining" if listed.conditions.is_draining else "silent"


def _state_of_pod(listed: Listed, pod: Pod, service: Service) -> State:
    """A Pod that is to go is known of at once; what its slice says follows a moment later."""
    if pod.metadata.deletion_timestamp is None or service.spec.publish_not_ready_addresses:
        return _state(listed)
    return "draining" if listed.conditions.serving is not False else "silent"


def _candidate(endpoint: Endpoint, listed: Listed, *, ready: bool) -> Candidate:
    hints = listed.hints or _NO_HINTS
    return Candidate(
        endpoint,
        ready=ready,
        node=listed.node_name or "",
        zone=listed.zone or "",
        for_nodes=frozenset(of.name for of in hints.for_nodes),
        for_zones=frozenset(of.name for of in hints.for_zones),
    )


def _number_of(part: EndpointSlice, port: ServicePort) -> int | None:
    """The port of the slice's endpoints behind a port of the Service; None where they have none."""
    declared = (p for p in part.ports if (p.name or "") == (port.name or "") and p.protocol == "TCP")
    found = next(declared, None)
    if found is None or found.port is not None:
        return found.port if found is not None else None
    return port.target_port if isinstance(port.target_port, int) and port.target_port else port.port


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Each address once, in order: two slices may list it for a moment, and then who says that it is ready is right."""
    found: dict[Address, Candidate] = {}
    for candidate in candidates:
        known = found.get(candidate.endpoint.address)
        if known is None or (candidate.ready and not known.ready):
            found[candidate.endpoint.address] = candidate
    return [found[address] for address in sorted(found)]


def _one_family(service: Service, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The endpoints of one family: one that has both must not count twice.

    It is that of the Service's primary address; the other one where only there somebody answers.
    """
    ipv6 = service.spec.prefers_ipv6
    primary = tuple(candidate for candidate in found if (":" in candidate.endpoint.ip) is ipv6)
    other = tuple(candidate for candidate in found if (":" in candidate.endpoint.ip) is not ipv6)
    if any(candidate.ready for candidate in other) and not any(candidate.ready for candidate in primary):
        return other
    return primary or other
