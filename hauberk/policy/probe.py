"""What kubelet asks a Pod, which is let in whatever the policy of the port says. Pure."""

from collections.abc import Iterator
from itertools import islice

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import name_of
from hauberk.model.pod import Pod, Probe
from hauberk.policy.inbound_policy import Authorization, InboundRoute, InboundRule, Network, Unauthenticated
from hauberk.policy.routing import CallMatch, Default, Match, RequestMatch

RULES_MAX = 256
"""Of a route, for any proxy."""

HEALTH_SERVICE = "grpc.health.v1.Health"
HEALTH_METHOD = "Check"
"""What a probe by gRPC calls (GRPC Health Checking Protocol)."""


def probe_route(mesh: Mesh, pod: Pod, port: int, *, of_calls: bool) -> InboundRoute | None:
    """The route of the probes of all containers that are about this port; None if there are none.

    `of_calls`: the port is read as gRPC, so that a probe by plain HTTP cannot succeed in any case.
    """
    rules = tuple(islice(dict.fromkeys(_rules(pod, port, of_calls=of_calls)), RULES_MAX))
    if not rules:
        return None
    meta = Default("probe")
    networks = tuple(Network(str(network)) for network in mesh.probe_networks)
    return InboundRoute(meta, rules, authorizations=(Authorization(meta, networks, Unauthenticated()),))


def _rules(pod: Pod, port: int, *, of_calls: bool) -> Iterator[InboundRule]:
    for probe in _probes(pod):
        if probe.grpc is not None and probe.grpc.port == port:
            if of_calls:
                yield InboundRule((CallMatch(HEALTH_SERVICE, HEALTH_METHOD),))
            else:
                yield _requested("POST", f"/{HEALTH_SERVICE}/{HEALTH_METHOD}")
        if probe.http_get is not None and not of_calls:
            at = probe.http_get.port
            if at == port or (isinstance(at, str) and name_of(pod, port) == at):
                path = (probe.http_get.path or "").partition("?")[0].removeprefix("/")
                yield _requested("GET", f"/{path}")


def _requested(method: str, path: str) -> InboundRule:
    return InboundRule((RequestMatch(path=Match("exact", path), method=method),))


def _probes(pod: Pod) -> Iterator[Probe]:
    for container in pod.lasting:
        for probe in (container.liveness_probe, container.readiness_probe, container.startup_probe):
            if probe is not None:
                yield probe
