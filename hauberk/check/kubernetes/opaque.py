"""Do Services and the pods behind them agree which ports are opaque? Decided as for proxies. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import OPAQUE_PORTS, pod_port_is_opaque, service_protocol
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.check.kubernetes.seen import Seen, unread
from hauberk.check.report import Category, listed, verdict
from hauberk.model.kinds import Kind, kind_named
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Pod
from hauberk.model.server import Server
from hauberk.model.service import Service, ServicePort
from hauberk.store.kubernetes_reading import Read, Reader

R = TypeVar("R", bound=Resource)

NAME = "linkerd-opaque-ports-definition"
_DESCRIPTION = "Services and their pods agree which ports are opaque"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What says it."""

    default: str
    """Of the installation: ports that are opaque where nobody says otherwise."""
    places: Seen
    """Namespaces, whose annotation holds for all that is in them."""
    services: Seen
    servers: Seen
    pods: Seen
    """Those with a proxy."""


def opaque_ports(facts: Declared) -> Category:
    for seen in (facts.services, facts.servers, facts.places):
        if (check := unread(_DESCRIPTION, seen)) is not None:
            return Category(NAME, (check,))
    hint = (
        f"give both the annotation {OPAQUE_PORTS} with the same ports, or neither; pods have it from when they were "
        f"made: kubectl -n NAMESPACE rollout restart deployment/NAME"
    )
    return Category(NAME, (verdict(_DESCRIPTION, listed(list(_disagreeing(facts))), hint, outcome="warning"),))


def _disagreeing(facts: Declared) -> Iterator[str]:
    pods = _read(facts.pods, kind_named("", "Pod"), Pod)
    places = _read(facts.places, kind_named("", "Namespace"), Namespace)
    servers = _read(facts.servers, kind_named("policy.linkerd.io", "Server"), Server)
    snapshot, mesh = _snapshot([*places, *servers]), Mesh(opaque_ports=facts.default)
    by_place = defaultdict[str, list[Pod]](list)
    for pod in pods:
        by_place[pod.metadata.namespace].append(pod)
    for service in _read(facts.services, kind_named("", "Service"), Service):
        behind = [pod for pod in by_place[service.metadata.namespace] if service.spec.selects(pod.metadata.labels)]
        for port in service.spec.ports:
            if behind and port.protocol == "TCP":
                yield from _of_port(mesh, snapshot, service, port, behind)


def _of_port(mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort, pods: Iterable[Pod]) -> Iterator[str]:
    """The first pod that sees it otherwise."""
    opaque = service_protocol(mesh, snapshot, service, port) == "opaque"
    name = f"{service.metadata.namespace}/{service.metadata.name}"
    for pod in pods:
        number = _target(port, pod)
        if number is not None and pod_port_is_opaque(mesh, snapshot, pod, number) != opaque:
            yield (
                f"port {port.port} of Service {name} is {'' if opaque else 'not '}opaque, "
                f"port {number} of its pod {pod.metadata.name} is {'not' if opaque else ''}".rstrip()
            )
            return


def _target(port: ServicePort, pod: Pod) -> int | None:
    """The pod's port; None where it has none of that name."""
    if isinstance(port.target_port, str):
        declared = (of for container in pod.lasting for of in container.ports)
        return next((of.container_port for of in declared if of.name == port.target_port), None)
    return port.target_port or port.port


def _snapshot(resources: Iterable[Resource]) -> Snapshot:
    join = Join()
    for resource in resources:
        join.put(resource)
    return join.at(Version("check", 0))


def _read(seen: Seen, kind: Kind, of: type[R]) -> list[R]:
    """As the control plane reads them; what it leaves out is not looked at here either."""
    reader = Reader(kind)
    named = {"apiVersion": kind.api_version, "kind": kind.kind}
    items = (reader.item(msgspec.json.encode({**document, **named})) for document in seen.documents)
    return [item.resource for item in items if isinstance(item, Read) and isinstance(item.resource, of)]
