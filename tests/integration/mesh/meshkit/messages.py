"""Parts of a control plane's answers, as in the contract: routes that lead to one port of one Service, and names."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

from hauberk._api.linkerd import destination_pb2, http_route_pb2, meta_pb2, net_pb2, outbound_pb2
from meshkit.foreign import TRUST_DOMAIN

NAMES = f"svc.{TRUST_DOMAIN}"


def detected(port: int, name: str = "web") -> outbound_pb2.ProxyProtocol:
    """All goes to one port of the Service, whatever it turns out to be."""
    protocol = outbound_pb2.ProxyProtocol()
    protocol.detect.timeout.FromTimedelta(timedelta(seconds=10))
    protocol.detect.opaque.routes.append(opaque_route(port, name))
    protocol.detect.http1.routes.append(http_route(port, name))
    protocol.detect.http2.routes.append(http_route(port, name))
    return protocol


def http_route(port: int, name: str = "web") -> outbound_pb2.HttpRoute:
    first = outbound_pb2.HttpRoute.Distribution.FirstAvailable(
        backends=[outbound_pb2.HttpRoute.RouteBackend(backend=balancer(port, name))]
    )
    rule = outbound_pb2.HttpRoute.Rule(
        matches=[http_route_pb2.HttpRouteMatch(path=http_route_pb2.PathMatch(prefix="/"))],
        backends=outbound_pb2.HttpRoute.Distribution(first_available=first),
    )
    return outbound_pb2.HttpRoute(metadata=default("http"), rules=[rule])


def opaque_route(port: int, name: str = "web") -> outbound_pb2.OpaqueRoute:
    first = outbound_pb2.OpaqueRoute.Distribution.FirstAvailable(
        backends=[outbound_pb2.OpaqueRoute.RouteBackend(backend=balancer(port, name))]
    )
    rule = outbound_pb2.OpaqueRoute.Rule(backends=outbound_pb2.OpaqueRoute.Distribution(first_available=first))
    return outbound_pb2.OpaqueRoute(metadata=default("opaq"), rules=[rule])


def balancer(port: int, name: str = "web") -> outbound_pb2.Backend:
    backend = outbound_pb2.Backend(metadata=service(port, name))
    backend.balancer.discovery.dst.path = f"{name}.default.{NAMES}:{port}"
    backend.balancer.peak_ewma.default_rtt.FromTimedelta(timedelta(milliseconds=30))
    backend.balancer.peak_ewma.decay.FromTimedelta(timedelta(seconds=10))
    backend.queue.capacity = 100
    backend.queue.failfast_timeout.FromTimedelta(timedelta(seconds=3))
    return backend


def service(port: int, name: str = "web") -> meta_pb2.Metadata:
    resource = meta_pb2.Resource(group="core", kind="Service", name=name, namespace="default", port=port)
    return meta_pb2.Metadata(resource=resource)


def default(name: str) -> meta_pb2.Metadata:
    return meta_pb2.Metadata(default=name)


def address(ip: str, port: int) -> net_pb2.TcpAddress:
    parsed = ip_address(ip)
    if isinstance(parsed, IPv4Address):
        return net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv4=int(parsed)), port=port)
    first, last = divmod(int(parsed), 1 << 64)
    return net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv6=net_pb2.IPv6(first=first, last=last)), port=port)


def wanted(spec: outbound_pb2.TrafficSpec) -> tuple[str, int]:
    """The address or name that is asked about, and its port."""
    if spec.WhichOneof("target") == "authority":
        return split(spec.authority)
    ip = spec.addr.ip
    if ip.WhichOneof("ip") == "ipv4":
        return str(IPv4Address(ip.ipv4)), spec.addr.port
    return str(IPv6Address(ip.ipv6.first << 64 | ip.ipv6.last)), spec.addr.port


def split(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    return host.strip("[]"), int(port)


def retry_budget() -> destination_pb2.RetryBudget:
    budget = destination_pb2.RetryBudget(retry_ratio=0.2, min_retries_per_second=10)
    budget.ttl.FromTimedelta(timedelta(seconds=10))
    return budget
