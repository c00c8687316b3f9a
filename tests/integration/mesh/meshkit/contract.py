"""The answers of a control plane of another make for a mesh of one Service, message by message as in the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address

import grpc

from hauberk._api.linkerd import destination_pb2, http_route_pb2, inbound_pb2, meta_pb2, net_pb2, outbound_pb2
from meshkit.foreign import ENDPOINTS, INBOUND, OUTBOUND, PROFILE, TRUST_DOMAIN, Answer, identity

VIRTUAL_IP = "10.98.0.1"
NAMES = f"svc.{TRUST_DOMAIN}"
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
        ip, port = str(IPv4Address(spec.addr.ip.ipv4)), spec.addr.port
        if ip != VIRTUAL_IP:
            return grpc.StatusCode.NOT_FOUND, f"{ip} is no virtual IP"
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
            detect = policy.protocol.detect
            detect.timeout.FromTimedelta(timedelta(seconds=10))
            detect.opaque.routes.append(opaque_route(port))
            detect.http1.routes.append(http_route(port))
            detect.http2.routes.append(http_route(port))
        return policy.SerializeToString()

    def profile(self, path: str) -> Answer:
        ip, _, port = path.rpartition(":")
        profile = destination_pb2.DestinationProfile()
        profile.retry_budget.MergeFrom(retry_budget())
        if ip == VIRTUAL_IP:
            if int(port) not in self.ports:
                return b""
            profile.fully_qualified_name = f"web.default.{NAMES}"
            profile.opaque_protocol = self.ports[int(port)] in self.opaque
        elif ip == self.server_ip:
            profile.endpoint.MergeFrom(self.endpoint(int(port)))
            profile.opaque_protocol = int(port) in self.opaque
        else:
            profile.endpoint.addr.MergeFrom(address(ip, int(port)))
            profile.endpoint.weight = 10_000
        return profile.SerializeToString()

    def endpoints(self, path: str) -> Answer:
        name, _, port = path.rpartition(":")
        if name != f"web.default.{NAMES}":
            return grpc.StatusCode.NOT_FOUND, name
        update = destination_pb2.Update()
        if self.has_endpoints:
            update.add.addrs.append(self.endpoint(self.ports[int(port)]))
            update.add.metric_labels.update({"namespace": "default", "service": "web"})
        else:
            update.no_endpoints.exists = True
        return update.SerializeToString()

    def endpoint(self, port: int) -> destination_pb2.WeightedAddr:
        name = destination_pb2.TlsIdentity.DnsLikeIdentity(name=identity("web"))
        endpoint = destination_pb2.WeightedAddr(
            addr=address(self.server_ip, port),
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


def http_route(port: int) -> outbound_pb2.HttpRoute:
    first = outbound_pb2.HttpRoute.Distribution.FirstAvailable(
        backends=[outbound_pb2.HttpRoute.RouteBackend(backend=balancer(port))]
    )
    rule = outbound_pb2.HttpRoute.Rule(
        matches=[http_route_pb2.HttpRouteMatch(path=http_route_pb2.PathMatch(prefix="/"))],
        backends=outbound_pb2.HttpRoute.Distribution(first_available=first),
    )
    return outbound_pb2.HttpRoute(metadata=default("http"), rules=[rule])


def opaque_route(port: int) -> outbound_pb2.OpaqueRoute:
    first = outbound_pb2.OpaqueRoute.Distribution.FirstAvailable(
        backends=[outbound_pb2.OpaqueRoute.RouteBackend(backend=balancer(port))]
    )
    rule = outbound_pb2.OpaqueRoute.Rule(backends=outbound_pb2.OpaqueRoute.Distribution(first_available=first))
    return outbound_pb2.OpaqueRoute(metadata=default("opaq"), rules=[rule])


def balancer(port: int) -> outbound_pb2.Backend:
    backend = outbound_pb2.Backend(metadata=service(port))
    backend.balancer.discovery.dst.path = f"web.default.{NAMES}:{port}"
    backend.balancer.peak_ewma.default_rtt.FromTimedelta(timedelta(milliseconds=30))
    backend.balancer.peak_ewma.decay.FromTimedelta(timedelta(seconds=10))
    backend.queue.capacity = 100
    backend.queue.failfast_timeout.FromTimedelta(timedelta(seconds=3))
    return backend


def service(port: int) -> meta_pb2.Metadata:
    resource = meta_pb2.Resource(group="core", kind="Service", name="web", namespace="default", port=port)
    return meta_pb2.Metadata(resource=resource)


def default(name: str) -> meta_pb2.Metadata:
    return meta_pb2.Metadata(default=name)


def address(ip: str, port: int) -> net_pb2.TcpAddress:
    return net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv4=int(IPv4Address(ip))), port=port)


def retry_budget() -> destination_pb2.RetryBudget:
    budget = destination_pb2.RetryBudget(retry_ratio=0.2, min_retries_per_second=10)
    budget.ttl.FromTimedelta(timedelta(seconds=10))
    return budget
