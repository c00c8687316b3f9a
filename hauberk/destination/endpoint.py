"""One address → what a client's proxy must know of it."""

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import CONTROL_PLANE_NS, is_meshed, pod_port_is_opaque
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.answer import Endpoint, Labels
from hauberk.model.pod import Pod

OWNER_LABEL_PREFIX = "linkerd.io/proxy-"
"""Followed by the kind of the Pod's owner, such as `deployment`; the value is its name."""

POD_TEMPLATE_HASH = "pod-template-hash"


def pod_endpoint(
    mesh: Mesh, snapshot: Snapshot, pod: Pod, ip: str, port: int, *, extra: Labels = (), opaque: bool = False
) -> Endpoint:
    """`extra` are labels beside the Pod's own; `opaque` says that the port is, whatever the Pod says of it."""
    meshed = is_meshed(mesh, pod, port)
    direct = port in mesh.unproxied_ports
    return Endpoint(
        ip=ip,
        port=port,
        labels=tuple(sorted({**_labels_of(pod), **dict(extra)}.items())),
        identity=mesh.identity(pod.spec.service_account_name, pod.metadata.namespace) if meshed else None,
        opaque=opaque or pod_port_is_opaque(mesh, snapshot, pod, port),
        transport_port=mesh.inbound_port if meshed and not direct else None,
    )


def _labels_of(pod: Pod) -> dict[str, str]:
    labels = {"pod": pod.metadata.name, "serviceaccount": pod.spec.service_account_name}
    if pod.metadata.labels.get(CONTROL_PLANE_NS):
        labels["control_plane_ns"] = pod.metadata.labels[CONTROL_PLANE_NS]
    if POD_TEMPLATE_HASH in pod.metadata.labels:
        labels["pod_template_hash"] = pod.metadata.labels[POD_TEMPLATE_HASH]
    labels.update(_owner(pod))
    return labels


def _owner(pod: Pod) -> dict[str, str]:
    named = {
        key.removeprefix(OWNER_LABEL_PREFIX): value
        for key, value in pod.metadata.labels.items()
        if key.startswith(OWNER_LABEL_PREFIX)
    }
    if not named:
        named = dict(_owner_by_reference(pod))
    # "job" is what the scraper calls its own work.
    return {"k8s_job" if kind == "job" else kind: name for kind, name in named.items()}


def _owner_by_reference(pod: Pod) -> list[tuple[str, str]]:
    owner = next((reference for reference in pod.metadata.owner_references if reference.controller), None)
    if owner is None:
        return []
    suffix = "-" + pod.metadata.labels.get(POD_TEMPLATE_HASH, "")
    if owner.kind == "ReplicaSet" and len(suffix) > 1 and owner.name.endswith(suffix):
        # A Deployment names its ReplicaSets so.
        return [("deployment", owner.name.removesuffix(suffix))]
    return [(owner.kind.lower(), owner.name)]
