"""The values of an installation on Kubernetes: what `hauberk install` renders, and what the injector gives to proxies.

Names are those of Linkerd's chart where it has them. Every value has a default, so that nothing need be set. The
chart's values.yaml and its schema are made from this file: the text below a value is its comment there.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

PullPolicy = Literal["IfNotPresent", "Always", "Never"]
FailurePolicy = Literal["Ignore", "Fail"]
InboundPolicy = Literal[
    "all-unauthenticated", "all-authenticated", "cluster-unauthenticated", "cluster-authenticated", "deny", "audit"
]
Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
Label = Annotated[str, Meta(pattern=f"^{_LABEL}$")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""Of a user or group that is not root."""
_DOMAIN = rf"{_LABEL}(\.{_LABEL})*"
Domain = Annotated[str, Meta(pattern=f"^{_DOMAIN}$", max_length=190)]
DomainOrNone = Annotated[str, Meta(pattern=f"^({_DOMAIN})?$", max_length=190)]
"""Or empty."""
AbsolutePath = Annotated[str, Meta(pattern="^/")]
Amount = Annotated[str, Meta(pattern=r"^(([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?)?$")]
"""A quantity as Kubernetes writes it, as text; or empty."""


class _Values(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Unknown names are refused: a misspelt value would otherwise mean nothing, silently."""


class Image(_Values, frozen=True, kw_only=True):
    """Where an image is."""

    name: Annotated[str, Meta(min_length=1)]
    """With a tag or a digest in it, that one is meant."""
    version: str = ""
    """The tag. Empty: that of this release."""
    pull_policy: PullPolicy = "IfNotPresent"


class Quantity(_Values, frozen=True, kw_only=True):
    """What Kubernetes reserves, and where it draws the line. Empty: nothing."""

    request: Amount = ""
    limit: Amount = ""


class Resources(_Values, frozen=True, kw_only=True):
    """What a container may use."""

    cpu: Quantity = Quantity()
    memory: Quantity = Quantity()
    ephemeral_storage: Quantity = Quantity()


class Ports(_Values, frozen=True, kw_only=True):
    """Where every injected proxy listens."""

    admin: Port = 4191
    """For probes and metrics."""
    control: Port = 4190
    """Kept free for taps."""
    inbound: Port = 4143
    """For peers."""
    outbound: Port = 4140
    """For the program."""


class Proxy(_Values, frozen=True, kw_only=True):
    """Every injected proxy, where no annotation says otherwise. The control plane's own have its image, user and
    resources too.
    """

    image: Image = Image(name="ghcr.io/hauberk/proxy")
    ports: Ports = Ports()
    resources: Resources = Resources()
    uid: Id = 2102
    """Its user, whose traffic is not redirected."""
    gid: Id = 2102
    log_level: str = "warn,linkerd=info,hauberk=info,hickory=error"
    log_format: Literal["plain", "json"] = "plain"
    access_log: Literal["", "apache", "json"] = ""
    """A line for each request. Empty: none."""
    native_sidecar: bool = True
    """Off: a sidecar among the containers, for clusters older than 1.29."""
    await_: bool = msgspec.field(default=True, name="await")
    """Whether programs wait for their proxy."""
    wait_before_exit_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 0
    """How long a proxy stays when its pod is to end."""
    shutdown_grace_period: str = "2m"
    """How long connections may last once the proxy is to end."""
    enable_external_profiles: bool = False
    """Whether names outside of the cluster are asked for as well."""
    outbound_connect_timeout: str = "1000ms"
    inbound_connect_timeout: str = "100ms"
    default_inbound_policy: InboundPolicy = "all-unauthenticated"
    """Who may talk to ports that no Server selects."""
    opaque_ports: Annotated[str, Meta(min_length=1)] = "25,587,3306,4444,5432,6379,9300,11211"
    """Ports whose protocol is not detected, because the server speaks first."""


class ProxyInit(_Values, frozen=True, kw_only=True):
    """The init container that writes the redirect."""

    ignore_inbound_ports: str = "4567,4568"
    """Ports that peers reach without the proxy."""
    ignore_outbound_ports: str = "4567,4568"
    """Ports that programs reach without the proxy."""
    skip_subnets: str = ""
    """Networks to and from which nothing passes the proxy."""
    mode: Literal["auto", "nft", "iptables"] = "auto"
    """With what: `auto` takes nft, and iptables where the kernel has no nft."""
    resources: Resources = Resources()


class Cni(_Values, frozen=True, kw_only=True):
    """A CNI plugin writes the redirect, so that no pod needs the right to."""

    enabled: bool = False
    """Pods get no init container for it. One whose redirect is missing does not start."""
    bin_dir: AbsolutePath = "/opt/cni/bin"
    """Where the nodes' plugins are."""
    net_dir: AbsolutePath = "/etc/cni/net.d"
    """Where the nodes' network configuration is."""
    priority_class_name: str = "system-node-critical"
    repair: bool = False
    """Whether pods that started before the plugin was there are deleted, to be made anew. Whoever becomes root of a
    node could then delete any pod.
    """


class Issuer(_Values, frozen=True, kw_only=True):
    """Who signs."""

    scheme: Literal["generated", "linkerd.io/tls", "kubernetes.io/tls"] = "generated"
    """`generated`: the identity controller makes root and issuer, and keeps them in Secrets. The others: the Secret
    `linkerd-identity-issuer` is somebody else's (yours, or cert-manager's), of this type.
    """
    issuance_lifetime: str = "24h"
    """How long a workload's certificate lasts."""
    clock_skew_allowance: str = "20s"
    """How far the clocks of machines may differ."""


class Identity(_Values, frozen=True, kw_only=True):
    """Who everyone is."""

    issuer: Issuer = Issuer()
    external_ca: bool = msgspec.field(default=False, name="externalCA")
    """The ConfigMap `linkerd-identity-trust-roots` is somebody else's (trust-manager's)."""
    fellow_meshes: tuple[Label, ...] = ()
    """Namespaces of other control planes, such as `linkerd`, whose proxies are known by their identities as ours are,
    while workloads move over. They have the same trust domain, and each mesh trusts the roots of the other."""


class Requirement(_Values, frozen=True, kw_only=True):
    """One of a selector's."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


class Selector(_Values, frozen=True, kw_only=True):
    """Which objects the API server asks about, by their labels, beside what is left out in any case."""

    match_expressions: tuple[Requirement, ...] = ()
    """Entries have key, operator (In, NotIn, Exists, DoesNotExist) and values."""


class Injector(_Values, frozen=True, kw_only=True):
    """Who puts proxies beside programs."""

    failure_policy: FailurePolicy = "Ignore"
    """What becomes of new pods while nobody answers: `Ignore` starts them without a proxy, `Fail` refuses them."""
    timeout_seconds: Annotated[int, Meta(ge=1, le=30)] = 10
    namespace_selector: Selector = Selector()
    """kube-system, the control plane's own namespace and those with the label
    config.linkerd.io/admission-webhooks=disabled are left out in any case.
    """
    object_selector: Selector = Selector()
    """The control plane's own pods are left out in any case."""


class Validator(_Values, frozen=True, kw_only=True):
    """Who refuses policies and routes that make no sense."""

    failure_policy: FailurePolicy = "Ignore"
    """What becomes of changes while nobody answers."""


class PolicyController(_Values, frozen=True, kw_only=True):
    """Who says who may talk to whom."""

    probe_networks: Annotated[tuple[str, ...], Meta(min_length=1)] = ("0.0.0.0/0", "::/0")
    """From where the HTTP probes of a pod are always let in."""


class Values(_Values, frozen=True, kw_only=True):
    """The namespace is no value: it is that of the installation."""

    controller_image: Image = Image(name="ghcr.io/hauberk/controller")
    controller_replicas: Annotated[int, Meta(ge=1, le=100)] = 1
    """Of each of the control plane's three Deployments."""
    controller_log_level: Literal["debug", "info", "warning", "error"] = "info"
    controller_uid: Id = msgspec.field(default=2103, name="controllerUID")
    controller_gid: Id = msgspec.field(default=2103, name="controllerGID")
    controller_resources: Resources = Resources()
    cluster_domain: Domain = "cluster.local"
    identity_trust_domain: DomainOrNone = ""
    """The last part of all identities. Empty: the cluster's domain."""
    cluster_networks: Annotated[tuple[str, ...], Meta(min_length=1)] = (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fd00::/8",
    )
    """Addresses of pods, services and nodes."""
    disable_ipv6: bool = msgspec.field(default=False, name="disableIPv6")
    """Whether proxies listen on addresses of IPv4 only."""
    high_availability: bool = False
    """Replicas apart from each other, and disruption budgets. `--ha` sets more: see values-ha.yaml."""
    image_pull_secrets: tuple[str, ...] = ()
    """Names of Secrets in the control plane's namespace, and in that of the CNI plugin."""
    priority_class_name: str = ""
    node_selector: dict[str, str] = msgspec.field(default_factory=lambda: {"kubernetes.io/os": "linux"})
    tolerations: tuple[dict[str, Any], ...] = ()
    """As in a pod."""
    network_policies: bool = True
    """Nobody reaches more of the control plane than its work needs."""
    pod_labels: dict[str, str] = msgspec.field(default_factory=dict)
    """Of the control plane's pods, beside its own."""
    pod_annotations: dict[str, str] = msgspec.field(default_factory=dict)
    """Of the control plane's pods, beside its own."""
    proxy: Proxy = Proxy()
    proxy_init: ProxyInit = ProxyInit()
    cni: Cni = Cni()
    identity: Identity = Identity()
    proxy_injector: Injector = Injector()
    policy_validator: Validator = Validator()
    policy_controller: PolicyController = PolicyController()


HA = Values(
    controller_replicas=3,
    high_availability=True,
    controller_resources=Resources(cpu=Quantity(request="100m"), memory=Quantity(request="100Mi", limit="500Mi")),
    proxy=Proxy(resources=Resources(cpu=Quantity(request="100m"), memory=Quantity(request="20Mi", limit="250Mi"))),
    proxy_injector=Injector(failure_policy="Fail"),
    policy_validator=Validator(failure_policy="Fail"),
)
"""What `--ha` begins with instead of the defaults."""
