"""The answers of a control plane that mirrors the Service `web` of another cluster, which is reached by a gateway."""

from dataclasses import dataclass

from hauberk._api.linkerd import destination_pb2, outbound_pb2
from meshkit.contract import WEB, World
from meshkit.foreign import ENDPOINTS, OUTBOUND, PROFILE, Answer, identity
from meshkit.messages import NAMES, address, detected, opaque_route, service, split, wanted

MIRROR_IP = "10.98.0.2"
NAME = "web-far"
GATEWAY_PORT = 4143


@dataclass(frozen=True)
class Mirror:
    """One control plane answers for both clusters: what it says of `web` is what the gateway asks."""

    far: World
    gateway_ip: str
    means: str = WEB
    """The name by which the gateway is asked."""
    opaque: frozenset[int] = frozenset()
    """Ports whose bytes nobody reads on the way."""

    def __call__(self, method: str, raw: bytes) -> Answer:
        if method == OUTBOUND:
            host, port = wanted(outbound_pb2.TrafficSpec.FromString(raw))
            if host == MIRROR_IP:
                return self._policy(port)
        elif method in (PROFILE, ENDPOINTS):
            host, port = split(destination_pb2.GetDestination.FromString(raw).path)
            if host == MIRROR_IP:
                return self._profile(port)
            if host == f"{NAME}.default.{NAMES}":
                return self._endpoints(port)
        return self.far(method, raw)

    def _policy(self, port: int) -> bytes:
        policy = outbound_pb2.OutboundPolicy(metadata=service(port, NAME))
        if port in self.opaque:
            policy.protocol.opaque.routes.append(opaque_route(port, NAME))
        else:
            policy.protocol.MergeFrom(detected(port, NAME))
        return policy.SerializeToString()

    def _profile(self, port: int) -> bytes:
        profile = destination_pb2.DestinationProfile(fully_qualified_name=f"{NAME}.default.{NAMES}")
        profile.opaque_protocol = port in self.opaque
        return profile.SerializeToString()

    def _endpoints(self, port: int) -> bytes:
        name = destination_pb2.TlsIdentity.DnsLikeIdentity(name=identity("gateway"))
        gateway = destination_pb2.WeightedAddr(
            addr=address(self.gateway_ip, GATEWAY_PORT),
            weight=10_000,
            # As its model does, it says no server name: the identity is meant.
            tls_identity=destination_pb2.TlsIdentity(dns_like_identity=name),
            authority_override=destination_pb2.AuthorityOverride(authority_override=f"{self.means}:{port}"),
        )
        if port in self.opaque:
            gateway.protocol_hint.opaque.SetInParent()
        else:
            gateway.protocol_hint.h2.SetInParent()
        update = destination_pb2.Update()
        update.add.addrs.append(gateway)
        return update.SerializeToString()
