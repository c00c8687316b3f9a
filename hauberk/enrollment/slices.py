"""EndpointSlices from a Service and the Pods that it selects. Pure.

Level-triggered: `slices_of` says what should be, `difference` what has to be written to make it so. Slices are
identified by their contents' place, not by history, so that the same Pods always give the same slices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from hauberk.model.endpointslice import Endpoint, EndpointConditions, EndpointPort, EndpointSlice, ObjectReference
from hauberk.model.metadata import ObjectMeta, OwnerReference
from hauberk.model.pod import Pod
from hauberk.model.service import Service, ServicePort

MAX_ENDPOINTS = 100
"""Endpoints in one slice (the default of Kubernetes' controller)."""

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
MANAGED_BY = "hauberk"

_FINISHED = ("Succeeded", "Failed")

_Ports = tuple[EndpointPort, ...]


@dataclass(frozen=True)
class Difference:
    """What has to be written. `updated` carry the resource versions of what they replace."""

    created: Sequence[EndpointSlice]
    updated: Sequence[EndpointSlice]
    deleted: Sequence[EndpointSlice]


class ByLabel:
    """The Pods of one namespace by their labels: a Service need not look at all of them."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._pods: dict[tuple[str, str], list[Pod]] = {}
        for pod in pods:
            for label in pod.metadata.labels.items():
                self._pods.setdefault(label, []).append(pod)

    def candidates(self, service: Service) -> Sequence[Pod]:
        """Return the Pods that have the rarest label of the selector: all that it selects, and few others."""
        return min((self._pods.get(label, []) for label in service.spec.selector.items()), key=len, default=[])


def slices_of(service: Service, pods: Sequence[Pod]) -> list[EndpointSlice]:
    """Return the slices that a Service should have, by name; none for a Service without a selector.

    Pods that use different numbers for one named target port are put into different slices, because the ports of a
    slice are the same for all its endpoints.
    """
    if not service.spec.selector:
        return []
    by_ports: dict[_Ports, list[Endpoint]] = {}
    for pod in sorted(pods, key=lambda pod: pod.metadata.name):
        if _is_selected(service, pod) and pod.status.pod_ip and pod.status.phase not in _FINISHED:
            by_ports.setdefault(_ports(service, pod), []).append(_endpoint(pod))
    slices: list[EndpointSlice] = []
    for ports, endpoints in sorted(by_ports.items(), key=lambda item: _port_order(item[0])):
        for start in range(0, len(endpoints), MAX_ENDPOINTS):
            slices.append(_slice(service, len(slices), ports, endpoints[start : start + MAX_ENDPOINTS]))
    return slices


def difference(wanted: Sequence[EndpointSlice], present: Sequence[EndpointSlice]) -> Difference:
    """Compare what should be with what is; slices that others made (by label) must not be in `present`."""
    there = {_key(slice_): slice_ for slice_ in present}
    created, updated = [], []
    for slice_ in wanted:
        old = there.pop(_key(slice_), None)
        if old is None:
            created.append(slice_)
        elif not _same(slice_, old):
            updated.append(msgspec.structs.replace(slice_, metadata=_carried(slice_.metadata, old.metadata)))
    return Difference(created, updated, list(there.values()))


def is_ours(slice_: EndpointSlice) -> bool:
    """Whether this part made the slice."""
    return slice_.metadata.labels.get(MANAGED_BY_LABEL) == MANAGED_BY


def _is_selected(service: Service, pod: Pod) -> bool:
    in_namespace = pod.metadata.namespace == service.metadata.namespace
    return in_namespace and service.spec.selects(pod.metadata.labels)


def _ports(service: Service, pod: Pod) -> _Ports:
    ports = []
    for port in service.spec.ports:
        number = _number(port, pod)
        if number is not None:
            ports.append(
                EndpointPort(name=port.name, port=number, protocol=port.protocol, app_protocol=port.app_protocol)
            )
    return tuple(ports)


def _number(port: ServicePort, pod: Pod) -> int | None:
    """Return the port of the Pod behind a port of the Service; None where the Pod has no port of that name."""
    target = port.target_port
    if target is None or target in ("", 0):
        return port.port
    if isinstance(target, int):
        return target
    for container in pod.spec.containers:
        for candidate in container.ports:
            if candidate.name == target:
                return int(candidate.container_port)
    return None


def _endpoint(pod: Pod) -> Endpoint:
    ready = any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions)
    terminating = pod.metadata.deletion_timestamp is not None
    return Endpoint(
        addresses=(pod.status.pod_ip,),
        conditions=EndpointConditions(ready=ready and not terminating, serving=ready, terminating=terminating),
        node_name=pod.spec.node_name or None,
        target_ref=ObjectReference(
            kind="Pod", namespace=pod.metadata.namespace, name=pod.metadata.name, uid=pod.metadata.uid
        ),
    )


def _slice(service: Service, number: int, ports: _Ports, endpoints: Sequence[Endpoint]) -> EndpointSlice:
    meta = service.metadata
    return EndpointSlice(
        metadata=ObjectMeta(
            name=f"{meta.name}-{number}",
            namespace=meta.namespace,
            labels={SERVICE_NAME_LABEL: meta.name, MANAGED_BY_LABEL: MANAGED_BY},
            owner_references=(
                OwnerReference(api_version="v1", kind="Service", name=meta.name, uid=meta.uid, controller=True),
            ),
        ),
        address_type="IPv4",
        endpoints=tuple(endpoints),
        ports=ports,
    )


def _port_order(ports: _Ports) -> list[tuple[str, int]]:
    return [(port.name or "", port.port or 0) for port in ports]


def _key(slice_: EndpointSlice) -> tuple[str, str]:
    return (slice_.metadata.namespace, slice_.metadata.name)


def _same(wanted: EndpointSlice, old: EndpointSlice) -> bool:
    return msgspec.structs.replace(wanted, metadata=_carried(wanted.metadata, old.metadata)) == old


def _carried(wanted: ObjectMeta, old: ObjectMeta) -> ObjectMeta:
    """Return the wanted metadata with what the store gave the old object."""
    return msgspec.structs.replace(
        old, labels=wanted.labels, owner_references=wanted.owner_references, annotations=wanted.annotations
    )
