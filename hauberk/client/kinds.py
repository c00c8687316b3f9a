"""Kinds of objects as a client has to know them, and those that a control plane needs of Kubernetes.

`hauberk.model.kinds.Kind` has all that `ApiKind` asks for, so whatever takes an `ApiKind` takes the mesh's own kinds.
"""

from dataclasses import dataclass
from typing import Protocol


class ApiKind(Protocol):
    """Where objects of a kind are, and what they are called."""

    @property
    def group(self) -> str:
        """Empty for the core group."""
        ...

    @property
    def versions(self) -> tuple[str, ...]:
        """The one to ask for first. Others are asked for only where that is said."""
        ...

    @property
    def kind(self) -> str: ...

    @property
    def plural(self) -> str: ...

    @property
    def namespaced(self) -> bool: ...


@dataclass(frozen=True)
class OtherKind:
    """A kind that the model does not read: its objects stay documents."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def versions(self) -> tuple[str, ...]:
        return (self.version,)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return qualified(self)


def qualified(kind: ApiKind) -> str:
    """The plural with the group, as in `leases.coordination.k8s.io`."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


_APPS, _BATCH, _RBAC = "apps", "batch", "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

NODE = OtherKind("", "v1", "Node", "nodes", namespaced=False)
SECRET = OtherKind("", "v1", "Secret", "secrets")
CONFIG_MAP = OtherKind("", "v1", "ConfigMap", "configmaps")
EVENT = OtherKind("events.k8s.io", "v1", "Event", "events")
LEASE = OtherKind("coordination.k8s.io", "v1", "Lease", "leases")
POD_DISRUPTION_BUDGET = OtherKind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")

DEPLOYMENT = OtherKind(_APPS, "v1", "Deployment", "deployments")
DAEMON_SET = OtherKind(_APPS, "v1", "DaemonSet", "daemonsets")
STATEFUL_SET = OtherKind(_APPS, "v1", "StatefulSet", "statefulsets")
REPLICA_SET = OtherKind(_APPS, "v1", "ReplicaSet", "replicasets")
JOB = OtherKind(_BATCH, "v1", "Job", "jobs")
CRON_JOB = OtherKind(_BATCH, "v1", "CronJob", "cronjobs")

ROLE = OtherKind(_RBAC, "v1", "Role", "roles")
ROLE_BINDING = OtherKind(_RBAC, "v1", "RoleBinding", "rolebindings")
CLUSTER_ROLE = OtherKind(_RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = OtherKind(_RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)

CUSTOM_RESOURCE_DEFINITION = OtherKind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
MUTATING_WEBHOOK_CONFIGURATION = OtherKind(
    _ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", namespaced=False
)
VALIDATING_WEBHOOK_CONFIGURATION = OtherKind(
    _ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", namespaced=False
)

TOKEN_REVIEW = OtherKind("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", namespaced=False)
SELF_SUBJECT_ACCESS_REVIEW = OtherKind(
    "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False
)
