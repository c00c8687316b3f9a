"""The values of an installation on Kubernetes: what `hauberk install` renders, and what the injector gives to proxies.

Names are those of Linkerd's chart where it has them. Every value has a default, so that nothing need be set.
"""

from typing import Literal

import msgspec

PullPolicy = Literal["IfNotPresent", "Always", "Never"]
FailurePolicy = Literal["Ignore", "Fail"]
InboundPolicy = Literal[
    "all-unauthenticated", "all-authenticated", "cluster-unauthenticated", "cluster-authenticated", "deny", "audit"
]


class _Values(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Unknown names are refused: a misspelt value would otherwise mean nothing, silently."""


class Image(_Values, frozen=True, kw_only=True):
    """Where an image is. An empty version is that of this release."""

    name: str
    version: str = ""
    pull_policy: PullPolicy = "IfNotPresent"


class Quantity(_Values, frozen=True, kw_only=True):
    """What Kubernetes reserves, and where it draws the line; empty: nothing."""

    request: str = ""
    limit: str = ""


class Resources(_Values, frozen=True, kw_only=True):
    cpu: Quantity = Quantity()
    memory: Quantity = Quantity()
    ephemeral_storage: Quantity = Quantity()


class Ports(_Values, frozen=True, kw_only=True):
    """Where every proxy listens."""

    admin: int = 4191
    control: int = 4190
    inbound: int = 4143
    outbound: int = 4140


class Proxy(_Values, frozen=True, kw_only=True):
    """Every injected proxy, where no annotation says otherwise."""

    image: Image = Image(name="ghcr.io/hauberk/proxy")
    ports: Ports = Ports()
    resources: Resources = Resources()
    uid: int = msgspec.field(default=2102)
    gid: int = msgspec.field(default=2102)
    log_level: str = "warn,linkerd=info,hauberk=info,hickory=error"
    log_format: Literal["plain", "json"] = "plain"
    access_log: Literal["", "apache", "json"] = ""
    native_sidecar: bool = True
    """Off: a sidecar among the containers, for clusters older than 1.29."""
    await_: bool = msgspec.field(default=True, name="await")
    wait_before_exit_seconds: int = 0
    shutdown_grace_period: str = "2m"
    enable_external_profiles: bool = False
    outbound_connect_timeout: str = "1000ms"
    inbound_connect_timeout: str = "100ms"
    default_inbound_policy: InboundPolicy = "all-unauthenticated"
    opaque_ports: str = "25,587,3306,4444,5432,6379,9300,11211"


class ProxyInit(_Values, frozen=True, kw_only=True):
    """The init container that writes the redirect."""

    ignore_inbound_ports: str = "4567,4568"
    ignore_outbound_ports: str = "4567,4568"
    skip_subnets: str = ""
    mode: Literal["auto", "nft", "iptables"] = "auto"
    resources: Resources = Resources()


class Cni(_Values, frozen=True, kw_only=True):
    """A CNI plugin writes the redirect, so that no pod needs the right to."""

    enabled: bool = msgspec.field(default=False)
    priority_class_name: str = "system-node-critical"
    bin_dir: str = "/opt/cni/bin"
    net_dir: str = "/etc/cni/net.d"
    log_level: str = "info"


class Issuer(_Values, frozen=True, kw_only=True):
    """Who signs. `generated`: the identity controller makes root and issuer, and keeps them in a Secret."""

    scheme: Literal["generated", "linkerd.io/tls", "kubernetes.io/tls"] = "generated"
    """The others: the Secret `linkerd-identity-issuer` is somebody else's (yours, or cert-manager's), of this type."""
    issuance_lifetime: str = "24h"
    clock_skew_allowance: str = "20s"


class Identity(_Values, frozen=True, kw_only=True):
    issuer: Issuer = Issuer()
    external_ca: bool = msgspec.field(default=False, name="externalCA")
    """The ConfigMap `linkerd-identity-trust-roots` is somebody else's (trust-manager's)."""


class Injector(_Values, frozen=True, kw_only=True):
    failure_policy: FailurePolicy = "Ignore"
    timeout_seconds: int = 10


class Validator(_Values, frozen=True, kw_only=True):
    failure_policy: FailurePolicy = "Ignore"


class PolicyController(_Values, frozen=True, kw_only=True):
    probe_networks: tuple[str, ...] = ("0.0.0.0/0", "::/0")


class Values(_Values, frozen=True, kw_only=True):
    """All of them. The namespace is no value: it is that of the objects."""

    controller_image: Image = Image(name="ghcr.io/hauberk/controller")
    controller_replicas: int = 1
    controller_log_level: Literal["debug", "info", "warning", "error"] = "info"
    controller_uid: int = msgspec.field(default=2103, name="controllerUID")
    controller_gid: int = msgspec.field(default=2103, name="controllerGID")
    controller_resources: Resources = Resources()
    cluster_domain: str = "cluster.local"
    identity_trust_domain: str = ""
    """Empty: the cluster's domain."""
    cluster_networks: tuple[str, ...] = (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fd00::/8",
    )
    disable_ipv6: bool = msgspec.field(default=False, name="disableIPv6")
    high_availability: bool = False
    """Anti-affinity, disruption budgets and webhooks that fail closed."""
    image_pull_secrets: tuple[str, ...] = ()
    priority_class_name: str = ""
    node_selector: dict[str, str] = msgspec.field(default_factory=lambda: {"kubernetes.io/os": "linux"})
    network_policies: bool = True
    pod_labels: dict[str, str] = msgspec.field(default_factory=dict)
    pod_annotations: dict[str, str] = msgspec.field(default_factory=dict)
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
