"""The values of the settings, in groups: each package is given its own one."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from pathlib import Path

IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where the control plane keeps what it keeps."""

    state_dir: Path
    """Outlives restarts."""
    runtime_dir: Path
    """Sockets; empty after a boot."""
    socket: Path
    """The resource API."""

    @property
    def database(self) -> Path:
        """The store."""
        return self.state_dir / "mesh.db"

    @property
    def authority_dir(self) -> Path:
        """Keys and certificates of the authority."""
        return self.state_dir / "authority"

    @property
    def token_key(self) -> Path:
        """What the tokens of workloads are signed with."""
        return self.state_dir / "token.key"

    @property
    def front_dir(self) -> Path:
        """Files of the front proxy."""
        return self.runtime_dir / "front"

    @property
    def proxy_socket(self) -> Path:
        """The proxy API, plain HTTP/2, for the front proxy only."""
        return self.runtime_dir / "proxy.sock"

    @property
    def authority_socket(self) -> Path:
        """The authority, for the control plane only."""
        return self.runtime_dir / "authority.sock"


@dataclass(frozen=True, kw_only=True)
class Network:
    """Addresses."""

    pod_network: IPv4Network
    service_network: IPv4Network
    cluster_networks: tuple[IPNetwork, ...]
    """Addresses that belong to the mesh; traffic to others passes through."""
    bridge: str
    gateway: IPv4Address
    """The bridge's own address."""
    proxy_api_address: IPv4Address
    proxy_api_port: int
    """Where the front proxy listens for proxies."""
    proxy_admin_address: IPv4Address
    proxy_admin_port: int
    """Where the front proxy shows its metrics."""


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """Names and defaults that every member shares."""

    namespace: str
    trust_domain: str
    cluster_domain: str
    default_inbound_policy: str
    opaque_ports: str
    """As in the annotation `config.linkerd.io/opaque-ports`."""
    probe_networks: tuple[IPNetwork, ...]
    fellows: tuple[str, ...] = ()
    """Namespaces of other control planes whose identities are as good as ours."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Certificates."""

    leaf_lifetime: timedelta
    issuer_lifetime: timedelta
    root_lifetime: timedelta
    renew_at: float
    """The part of a lifetime after which a certificate is renewed."""
    clock_skew: timedelta
    """How far other machines' clocks may be behind: certificates begin so much earlier."""
    trust_anchors_file: Path | None
    issuer_certificate_file: Path | None
    issuer_key_file: Path | None
    """PEM; all three or none, for an authority of one's own."""


@dataclass(frozen=True, kw_only=True)
class Enrollment:
    """Workloads of this machine."""

    lease: timedelta
    """How long a workload lasts of which nothing is heard."""
    token_ttl: timedelta


@dataclass(frozen=True, kw_only=True)
class Streams:
    """What proxies are told."""

    heartbeat: timedelta
    """How often the view of a proxy is confirmed."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """All groups; only the composition root has it."""

    paths: Paths
    network: Network
    mesh: Mesh
    authority: Authority
    enrollment: Enrollment
    streams: Streams
    log_level: str
