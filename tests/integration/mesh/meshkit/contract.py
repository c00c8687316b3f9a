"""The answers of a control plane of another make for a mesh of one Service, message by message as in the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import grpc

from hauberk._api.linkerd import destination_pb2, inbound_pb2, net_pb2, outbound_pb2
from meshkit.foreign import ENDPOINTS, INBOUND, OUTBOUND, PROFILE, Answer, identity
from meshkit.messages import NAMES, address, default, detected, opaque_route, retry_budget, service, split, wanted

VIRTUAL_IP, VIRTUAL_IP6 = "10.98.0.1", "fd98::1"
WEB = f"web.default.{NAMES}"
EVERYBODY = "all-unauthenticated"


@dataclass(frozen=True)
class World:
    """The Service `web`, its ports with those of its workload, and who may come in at which."""

    server_ip: str
    ports: Mapping[int, int]
    opaque: frozenset[int] = frozenset()
    """Of the workload."""
    only: Mapping[int, str] = field(default_factory=dict)
    """Ports of the workload and the one account that they admit."""
    has_endpoints: bool = True
    server_ip6: str | None = None
    """Where it is set, the Service leads there, as in the model."""

    def __call__(self, method: str, raw: bytes) -> Answer:
        match method:
            case m if m == OUTBOUND:
                return self.outbound(outbound_pb2.TrafficSpec.FromString(raw))
            case m if m == PROFILE:
                return self.profile(destination_pb2.GetDestination.FromString(raw).path)
            case m if m == ENDPOINTS:
                return self.endpoints(destination_pb2.GetDestination.FromString(raw).path)
            case m if m == INBOUND:
                return self.inbound(inbound_pb2.PortSpec.FromString(raw).port)
        return grpc.StatusCode.UNIMPLEMENTED, method

    def outbound(self, spec: outbound_pb2.TrafficSpec) -> Answer:
        host, port = wanted(spec)
        if host not in (VIRTUAL_IP, VIRTUAL_IP6, WEB):
            return grpc.StatusCode.NOT_FOUND, f"{host} is no Service"
        policy = outbound_pb2.OutboundPolicy(metadata=service(port))
        if port not in self.ports:
            rule = outbound_pb2.OpaqueRoute.Rule(
                filters=[outbound_pb2.OpaqueRoute.Filter(forbidden={})],
                backends=outbound_pb2.OpaqueRoute.Distribution(empty={}),
            )
            route = outbound_pb2.OpaqueRoute(metadata=default("undefined-port"), rules=[rule])
            policy.protocol.opaque.routes.append(route)
        elif self.ports[port] in self.opaque:
            policy.protocol.opaque.routes.append(opaque_route(port))
        else:
            policy.protocol.MergeFrom(detected(port))
        return policy.SerializeToString()

    def profile(self, path: str) -> Answer:
        host, port = split(path)
        profile = destination_pb2.DestinationProfile()
        profile.retry_budget.MergeFrom(retry_budget())
        if host in (VIRTUAL_IP, VIRTUAL_IP6, WEB):
            if port not in self.ports:
                return b""
            profile.fully_qualified_name = WEB
            profile.opaque_protocol = self.ports[port] in self.opaque
        elif host in (self.server_ip, self.server_ip6):
            profile.endpoint.MergeFrom(self.endpoint(host, port))
            profile.opaque_protocol = port in self.opaque
        elif host.endswith(NAMES):
            return grpc.StatusCode.NOT_FOUND, f"{host} is no Service"
        else:
            profile.endpoint.addr.MergeFrom(address(host, port))
            profile.endpoint.weight = 10_000
        return profile.SerializeToString()

    def endpoints(self, path: str) -> Answer:
        name, port = split(path)
        if name != WEB:
            return grpc.StatusCode.NOT_FOUND, name
        update = destination_pb2.Update()
        if self.has_endpoints:
            update.add.addrs.append(self.endpoint(self.server_ip6 or self.server_ip, self.ports[port]))
            update.add.metric_labels.update({"namespace": "default", "service": "web"})
        else:
            update.no_endpoints.exists = True
        return update.SerializeToString()

    def endpoint(self, ip: str, port: int) -> destination_pb2.WeightedAddr:
        name = destination_pb2.TlsIdentity.DnsLikeIdentity(name=identity("web"))
        endpoint = destination_pb2.WeightedAddr(
            addr=address(ip, port),
            weight=10_000,
            metric_labels={"pod": "web-1", "serviceaccount": "web"},
            tls_identity=destination_pb2.TlsIdentity(dns_like_identity=name, server_name=name),
        )
        if port in self.opaque:
            endpoint.protocol_hint.opaque.SetInParent()
        else:
            endpoint.protocol_hint.h2.SetInParent()
        endpoint.protocol_hint.opaque_transport.inbound_port = 4143
        alive = endpoint.http2.keep_alive
        alive.interval.FromTimedelta(timedelta(seconds=10))
        alive.timeout.FromTimedelta(timedelta(seconds=3))
        alive.while_idle = True
        return endpoint

    def inbound(self, port: int) -> Answer:
        server = inbound_pb2.Server()
        if port in self.opaque:
            server.protocol.opaque.SetInParent()
        else:
            server.protocol.detect.timeout.FromTimedelta(timedelta(seconds=10))
            route = server.protocol.detect.http_routes.add(metadata=default("default"))
            route.rules.add().matches.add().path.prefix = "/"
        account = self.only.get(port)
        labels = {"group": "", "kind": "default", "name": EVERYBODY}
        if account is not None:
            labels = {"group": "policy.linkerd.io", "kind": "server", "name": f"only-{account}"}
        server.labels.update(labels)
        authz = server.authorizations.add(labels=labels, metadata=default(labels["name"]))
        for net in (net_pb2.IPAddress(ipv4=0), net_pb2.IPAddress(ipv6={"first": 0, "last": 0})):
            authz.networks.add(net=net_pb2.IPNetwork(ip=net, prefix_len=0))
        if account is None:
            authz.authentication.unauthenticated.SetInParent()
        else:
            authz.authentication.mesh_tls.identities.identities.add(name=identity(account))
        return server.SerializeToString()
