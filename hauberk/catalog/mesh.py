"""What all decisions need to know of the mesh itself."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from hauberk.model.identity import identity_of

IPNetwork = IPv4Network | IPv6Network

DEFAULT_OPAQUE_PORTS = "25,587,3306,4444,5432,6379,9300,11211"
"""Ports of protocols in which the server speaks first, or which look like nothing a proxy knows."""


@dataclass(frozen=True, slots=True)
class Mesh:
    namespace: str = "hauberk"
    """Of the control plane; part of every identity."""
    trust_domain: str = "cluster.local"
    """Last part of every identity."""
    cluster_domain: str = "cluster.local"
    """Last part of the names of Services."""
    cluster_networks: tuple[IPNetwork, ...] = (ip_network("10.77.0.0/16"), ip_network("10.78.0.0/16"))
    """Addresses of workloads and Services. Others are outside of the mesh: traffic passes through to them."""
    default_inbound_policy: str = "all-unauthenticated"
    """Where neither a Pod nor its Namespace says otherwise."""
    probe_networks: tuple[IPNetwork, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    """From where HTTP probes of a Pod are always allowed."""
    opaque_ports: str = DEFAULT_OPAQUE_PORTS
    """Where neither the resource nor its Namespace says otherwise."""
    inbound_port: int = 4143
    """Of every proxy; takes the transport header."""
    fellows: tuple[str, ...] = ()
    """Namespaces of other control planes that share the trust anchors and the trust domain: Linkerd's, from which
    workloads move over. Their proxies prove identities that are as good as ours."""
    unproxied_ports: tuple[int, ...] = (4190, 4191)
    """The proxy's own control and admin ports: reached directly, without a transport header."""

    @property
    def control_plane_identity(self) -> str:
        """May ask anything."""
        return self.identity("linkerd-destination", self.namespace)

    def identity(self, service_account: str, namespace: str) -> str:
        """The identity of a member of the mesh, the first name in its certificate."""
        return self.identity_in(self.namespace, service_account, namespace)

    def identity_in(self, mesh: str, service_account: str, namespace: str) -> str:
        """The identity of whose proxy belongs to the control plane in the namespace `mesh`."""
        return identity_of(service_account, namespace, mesh, self.trust_domain)

    def identities(self, service_account: str, namespace: str) -> tuple[str, ...]:
        """All under which the account is known: its pods may not all have moved over."""
        return tuple(self.identity_in(mesh, service_account, namespace) for mesh in (self.namespace, *self.fellows))

    def contains(self, ip: IPv4Address | IPv6Address) -> bool:
        """Whether an address belongs to the cluster."""
        return any(ip in network for network in self.cluster_networks)
