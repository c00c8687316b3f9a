"""The registry of kinds: what each is called, in which versions it is served, and how tables show it."""

from dataclasses import dataclass

from hauberk.model import tables
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import NetworkAuthentication
from hauberk.model.node import Node
from hauberk.model.pod import Pod
from hauberk.model.resource import Resource
from hauberk.model.server import Server
from hauberk.model.service import Service
from hauberk.model.serviceaccount import ServiceAccount
from hauberk.model.tables import Column

__all__ = ["KINDS", "Column", "Kind", "Resource", "by_kind", "by_plural", "by_word", "kind_named", "kind_of"]

CORE = ""
DISCOVERY = "discovery.k8s.io"
POLICY = "policy.linkerd.io"
GATEWAY = "gateway.networking.k8s.io"


@dataclass(frozen=True, eq=False)
class Kind:
    """There is one instance of each kind, in `KINDS`."""

    group: str
    versions: tuple[str, ...]
    """Served ones, the newest first. All mean the same."""
    kind: str
    plural: str
    short_names: tuple[str, ...]
    namespaced: bool
    struct: type[Resource]
    columns: tuple[Column, ...]
    writable: bool = True
    """Whether people may write it; the others are made by the control plane."""
    deprecated: frozenset[str] = frozenset()
    """Versions that are served and to be replaced by the newest."""
    on_machines: bool = True
    """Whether a plain machine serves it; else only Kubernetes has such objects."""

    @property
    def api_version(self) -> str:
        """The newest one, with the group."""
        return f"{self.group}/{self.versions[0]}" if self.group else self.versions[0]

    @property
    def qualified(self) -> str:
        """The plural with the group, as in `servers.policy.linkerd.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def __str__(self) -> str:
        return self.qualified


KINDS: tuple[Kind, ...] = (
    Kind(CORE, ("v1",), "Namespace", "namespaces", ("ns",), False, Namespace, tables.NAMESPACE),
    Kind(CORE, ("v1",), "ServiceAccount", "serviceaccounts", ("sa",), True, ServiceAccount, tables.PLAIN),
    Kind(CORE, ("v1",), "Service", "services", ("svc",), True, Service, tables.SERVICE),
    Kind(CORE, ("v1",), "Pod", "pods", ("po",), True, Pod, tables.POD, writable=False),
    Kind(CORE, ("v1",), "Node", "nodes", ("no",), False, Node, tables.PLAIN, writable=False, on_machines=False),
    Kind(
        group=DISCOVERY,
        versions=("v1",),
        kind="EndpointSlice",
        plural="endpointslices",
        short_names=(),
        namespaced=True,
        struct=EndpointSlice,
        columns=tables.ENDPOINT_SLICE,
        writable=False,
    ),
    Kind(
        group=POLICY,
        versions=("v1beta3", "v1beta2", "v1beta1", "v1alpha1"),
        kind="Server",
        plural="servers",
        short_names=("srv",),
        namespaced=True,
        struct=Server,
        columns=tables.SERVER,
        deprecated=frozenset({"v1beta1", "v1alpha1"}),
    ),
    Kind(
        group=POLICY,
        versions=("v1alpha1",),
        kind="AuthorizationPolicy",
        plural="authorizationpolicies",
        short_names=("authzpolicy",),
        namespaced=True,
        struct=AuthorizationPolicy,
        columns=tables.PLAIN,
    ),
    Kind(
        group=POLICY,
        versions=("v1alpha1",),
        kind="MeshTLSAuthentication",
        plural="meshtlsauthentications",
        short_names=("meshtlsauthn",),
        namespaced=True,
        struct=MeshTLSAuthentication,
        columns=tables.PLAIN,
    ),
    Kind(
        group=POLICY,
        versions=("v1alpha1",),
        kind="NetworkAuthentication",
        plural="networkauthentications",
        short_names=("netauthn", "networkauthn"),
        namespaced=True,
        struct=NetworkAuthentication,
        columns=tables.PLAIN,
    ),
    Kind(
        group=POLICY,
        versions=("v1alpha1",),
        kind="HTTPLocalRateLimitPolicy",
        plural="httplocalratelimitpolicies",
        short_names=(),
        namespaced=True,
        struct=HTTPLocalRateLimitPolicy,
        columns=tables.RATE_LIMIT,
    ),
    Kind(
        group=POLICY,
        versions=("v1beta3", "v1beta2", "v1beta1", "v1alpha1"),
        kind="HTTPRoute",
        plural="httproutes",
        short_names=(),
        namespaced=True,
        struct=HTTPRoute,
        columns=tables.ROUTE,
    ),
    Kind(
        group=GATEWAY,
        versions=("v1", "v1beta1"),
        kind="HTTPRoute",
        plural="httproutes",
        short_names=(),
        namespaced=True,
        struct=HTTPRoute,
        columns=tables.ROUTE,
    ),
    Kind(
        group=GATEWAY,
        versions=("v1", "v1alpha2"),
        kind="GRPCRoute",
        plural="grpcroutes",
        short_names=(),
        namespaced=True,
        struct=GRPCRoute,
        columns=tables.ROUTE,
    ),
)

_BY_KIND = {(kind.group, kind.kind): kind for kind in KINDS}
_BY_PLURAL = {(kind.group, kind.plural): kind for kind in KINDS}


def by_kind(group: str, kind: str) -> Kind | None:
    """Find by names such as `("policy.linkerd.io", "Server")`."""
    return _BY_KIND.get((group, kind))


def kind_named(group: str, kind: str) -> Kind:
    """Return a kind that is known to exist; raises KeyError."""
    return _BY_KIND[group, kind]


def by_plural(group: str, plural: str) -> Kind | None:
    """Find by names such as `("", "services")`."""
    return _BY_PLURAL.get((group, plural))


def by_word(word: str) -> tuple[Kind, ...]:
    """Find what a person means: plural, kind or short name, in any case, perhaps with the group after a dot.

    More than one for a word that two groups use (`httproutes`); the first is the one whose manifests are more common.
    """
    name, _, group = word.lower().partition(".")
    found = [
        kind
        for kind in KINDS
        if name in (kind.plural, kind.kind.lower(), *kind.short_names) and (not group or group == kind.group)
    ]
    return tuple(sorted(found, key=lambda kind: kind.group != GATEWAY))


def kind_of(resource: Resource) -> Kind:
    """Return the kind of an object."""
    return _BY_KIND[resource.group, resource.kind]
