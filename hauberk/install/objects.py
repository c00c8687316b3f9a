"""The kinds of what is installed, how an object is called, and in which order objects are applied and deleted. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hauberk.client import kinds
from hauberk.client.kinds import OtherKind

NAMESPACE_LABEL = "linkerd.io/control-plane-ns"
COMPONENT_LABEL = "linkerd.io/control-plane-component"
UNTOUCHED_LABEL = "config.linkerd.io/admission-webhooks"
"""Of a namespace: `disabled` keeps webhooks away from it."""
CONFIG = "linkerd-config"


def namespaces_of(namespace: str) -> tuple[str, str]:
    """Where the objects of an installation are: the control plane's namespace, and that of its CNI plugin."""
    return namespace, f"{namespace}-cni"


NAMESPACE = OtherKind("", "v1", "Namespace", "namespaces", namespaced=False)
SERVICE = OtherKind("", "v1", "Service", "services")
SERVICE_ACCOUNT = OtherKind("", "v1", "ServiceAccount", "serviceaccounts")
NETWORK_POLICY = OtherKind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")

RENDERED: tuple[OtherKind, ...] = (
    NAMESPACE,
    SERVICE_ACCOUNT,
    kinds.CLUSTER_ROLE,
    kinds.CLUSTER_ROLE_BINDING,
    kinds.ROLE,
    kinds.ROLE_BINDING,
    kinds.CONFIG_MAP,
    SERVICE,
    NETWORK_POLICY,
    kinds.POD_DISRUPTION_BUDGET,
    kinds.DAEMON_SET,
    kinds.DEPLOYMENT,
    # Last: whoever they point to should be on its way.
    kinds.MUTATING_WEBHOOK_CONFIGURATION,
    kinds.VALIDATING_WEBHOOK_CONFIGURATION,
)
"""In the order in which they are applied."""

MADE: tuple[OtherKind, ...] = (kinds.LEASE, kinds.SECRET, kinds.CONFIG_MAP)
"""What the control plane makes for itself: keys, roots, who leads."""
MADE_CONFIG_MAPS = frozenset({"linkerd-identity-trust-roots"})

Document = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Name:
    """What an object is called, whatever the version of its kind."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.kind} {self.name}{where}"


def name_of(document: Document) -> Name:
    metadata = document["metadata"]
    group = str(document["apiVersion"]).rpartition("/")[0]
    return Name(group, str(document["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))


def in_order(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """As they are applied: what others need first."""
    ranks = {(kind.group, kind.kind): rank for rank, kind in enumerate(RENDERED)}

    def rank(document: Document) -> tuple[int, Name]:
        name = name_of(document)
        return ranks[name.group, name.kind], name

    return sorted(documents, key=rank)


def reference(document: Document) -> dict[str, Any]:
    """Just what `kubectl delete -f` needs."""
    name = name_of(document)
    metadata = {"name": name.name, **({"namespace": name.namespace} if name.namespace else {})}
    return {"apiVersion": document["apiVersion"], "kind": name.kind, "metadata": metadata}
