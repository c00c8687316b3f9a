"""Service (core v1)."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from hauberk.model.part import Part
from hauberk.model.resource import Resource

HEADLESS = "None"
"""The `clusterIP` of a Service without a virtual address."""


class ServicePort(Part, frozen=True, kw_only=True):
    """A port of the virtual address, and the port of the Pods behind it (by number or by name)."""

    not_honoured: ClassVar[Mapping[str, str]] = {"nodePort": "there are no node ports: leave it out"}

    name: str | None = None
    protocol: str = "TCP"
    app_protocol: str | None = None
    port: int
    target_port: int | str | None = None
    """None: the same number as `port`."""


class ServiceSpec(Part, frozen=True, kw_only=True):
    not_honoured: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "externalIPs",
            "externalName",
            "externalTrafficPolicy",
            "healthCheckNodePort",
            "loadBalancerClass",
            "loadBalancerIP",
            "loadBalancerSourceRanges",
            "allocateLoadBalancerNodePorts",
            "sessionAffinityConfig",
            "trafficDistribution",
            "topologyKeys",
        ),
        "",
    )

    type: str = "ClusterIP"
    selector: dict[str, str] = msgspec.field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    """`None` (the text) for a headless Service; no value until an address was chosen."""
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    session_affinity: str = "None"
    internal_traffic_policy: str = "Cluster"
    """`Local`: only endpoints on the client's own Node."""
    publish_not_ready_addresses: bool = False
    """Endpoints are called whether they are ready or not, and also while they go away."""
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = "SingleStack"

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether a Pod of its namespace with these labels is behind it; without a selector none is."""
        return bool(self.selector) and all(labels.get(key) == value for key, value in self.selector.items())

    @property
    def headless(self) -> bool:
        return self.cluster_ip == HEADLESS

    @property
    def addresses(self) -> tuple[str, ...]:
        """The virtual ones, the primary one first; empty for a Service that is headless or an ExternalName."""
        given = dict.fromkeys((self.cluster_ip, *self.cluster_ips))
        return tuple(address for address in given if address and address != HEADLESS)

    @property
    def prefers_ipv6(self) -> bool:
        """Whether its primary address is one of IPv6, or would be if it had any."""
        if self.addresses:
            return ":" in self.addresses[0]
        return self.ip_families[:1] == ("IPv6",)


class LoadBalancerStatus(Part, frozen=True, kw_only=True):
    """Always empty: there are no load balancers."""


class ServiceStatus(Part, frozen=True, kw_only=True):
    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Resource, frozen=True, kw_only=True):
    """A stable name and virtual address for the Pods that a selector picks."""

    api_version: str = "v1"
    spec: ServiceSpec
    status: ServiceStatus = ServiceStatus()
