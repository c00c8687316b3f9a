"""One address → what a client's proxy must know of it."""

import re

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import pod_port_is_opaque
from hauberk.catalog.proxied import CONTROL_PLANE_NS, proxied
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.answer import Endpoint, Labels
from hauberk.model.pod import Pod

OWNER_LABEL_PREFIX = "linkerd.io/proxy-"
"""Followed by the kind of the Pod's owner, such as `deployment`; the value is its name."""

OWNERS = ("deployment", "replicaset", "replicationcontroller", "statefulset", "daemonset", "job", "cronjob")
"""Kinds of owners that a label names: who writes a Pod chooses none of its other labels for metrics."""

POD_TEMPLATE_HASH = "pod-template-hash"

_KIND = re.compile(r"[a-z][a-z0-9]{0,62}")


def pod_endpoint(
    mesh: Mesh, snapshot: Snapshot, pod: Pod, ip: str, port: int, *, extra: Labels = (), opaque: bool = False
) -> Endpoint:
    """`extra` are labels beside the Pod's own; `opaque` says that the port is, whatever the Pod says of it."""
    by_proxy = proxied(mesh, pod, port)
    return Endpoint(
        ip=ip,
        port=port,
        labels=tuple(sorted({**_labels_of(pod), **dict(extra)}.items())),
        identity=by_proxy.identity if by_proxy is not None else None,
        opaque=opaque or pod_port_is_opaque(mesh, snapshot, pod, port),
        transport_port=by_proxy.transport_port if by_proxy is not None else None,
    )


def _labels_of(pod: Pod) -> dict[str, str]:
    labels = _owner(pod)
    labels.update(pod=pod.metadata.name, serviceaccount=pod.spec.service_account_name)
    if pod.metadata.labels.get(CONTROL_PLANE_NS):
        labels["control_plane_ns"] = pod.metadata.labels[CONTROL_PLANE_NS]
    if POD_TEMPLATE_HASH in pod.metadata.labels:
        labels["pod_template_hash"] = pod.metadata.labels[POD_TEMPLATE_HASH]
    return labels


def _owner(pod: Pod) -> dict[str, str]:
    labels = pod.metadata.labels
    named = {kind: labels[OWNER_LABEL_PREFIX + kind] for kind in OWNERS if OWNER_LABEL_PREFIX + kind in labels}
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
    kind = owner.kind.lower()
    return [(kind, owner.name)] if _KIND.fullmatch(kind) else []
