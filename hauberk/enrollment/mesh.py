"""What every workload of this mesh is told: names, networks and where the control plane is."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from hauberk.model.identity import identity_of
from hauberk.sidecar import keys
from hauberk.sidecar.environment import Home, Service

CREATED_BY = "hauberk/run"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGED_BY_RUN = "hauberk-run"
ALLOWED_UIDS_ANNOTATION = "hauberk.dev/allowed-uids"

DEFAULT_OPAQUE_PORTS = "25,587,3306,4444,5432,6379,9300,11211"
"""Ports whose protocol is not detected unless an annotation says otherwise (Linkerd's default list)."""


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """The mesh that workloads are admitted to. Built once by the composition root."""

    mesh_namespace: str = "hauberk"
    trust_domain: str = "cluster.local"
    cluster_domain: str = "cluster.local"
    pod_network: IPv4Network
    service_network: IPv4Network
    gateway: IPv4Address
    bridge: str = "hauberk0"
    proxy_api_address: IPv4Address | None = None
    """Of the front proxy, where it is not the gateway's."""
    proxy_api_port: int = 8086
    opaque_ports: str = DEFAULT_OPAQUE_PORTS
    default_inbound_policy: str = "all-unauthenticated"
    lease_seconds: int = 10
    token_ttl_seconds: int = 3600

    @property
    def control_identity(self) -> str:
        """The identity under which destination, policy and identity are served."""
        return identity_of("linkerd-destination", self.mesh_namespace, self.mesh_namespace, self.trust_domain)

    @property
    def networks(self) -> str:
        """Where workloads and services of the mesh live, as a list of CIDRs."""
        return f"{self.pod_network},{self.service_network}"

    @property
    def home(self) -> Home:
        """Where proxies find the control plane: all its services are behind one front proxy."""
        front = Service(f"{self.proxy_api_address or self.gateway}:{self.proxy_api_port}", self.control_identity)
        return Home(
            identity=front,
            destination=front,
            policy=front,
            cluster_domain=self.cluster_domain,
            networks=self.networks,
        )

    @property
    def defaults(self) -> Mapping[str, str]:
        """What holds for proxies where no annotation says otherwise, by the keys of annotations."""
        return {keys.OPAQUE_PORTS: self.opaque_ports, keys.DEFAULT_INBOUND_POLICY: self.default_inbound_policy}
