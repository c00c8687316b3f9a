"""What a manifest leaves out and Kubernetes fills in. Pure."""

from typing import Any

from msgspec.structs import replace

from hauberk.model.grpcroute import GRPCRoute, GRPCRouteRule
from hauberk.model.httproute import HTTPPathMatch, HTTPRoute, HTTPRouteMatch, HTTPRouteRule
from hauberk.model.resource import Resource
from hauberk.model.service import Service, ServicePort

_ANY_PATH = HTTPPathMatch()
_ANY_REQUEST = HTTPRouteMatch(path=_ANY_PATH)
_POLICY_GROUP = "policy.linkerd.io"


def group_parents(fields: dict[str, Any], group: str) -> None:
    """Fill in the group of a route's parents, in place, where it depends on the route's own.

    Parents of a policy.linkerd.io HTTPRoute are of policy.linkerd.io unless they say otherwise (Linkerd's CRD).
    """
    spec = fields.get("spec")
    parents = spec.get("parentRefs") if isinstance(spec, dict) else None
    if group == _POLICY_GROUP and isinstance(parents, list):
        for parent in parents:
            if isinstance(parent, dict):
                parent.setdefault("group", _POLICY_GROUP)


def with_defaults(resource: Resource) -> Resource:
    """Return the resource with those defaults that depend on other fields; the rest is in the structures."""
    match resource:
        case Service():
            return _service(resource)
        case HTTPRoute():
            return _route(resource)
        case GRPCRoute() if not resource.spec.rules:
            return replace(resource, spec=replace(resource.spec, rules=(GRPCRouteRule(),)))
        case _:
            return resource


def _service(service: Service) -> Service:
    spec = service.spec
    addresses = spec.cluster_ips or ((spec.cluster_ip,) if spec.cluster_ip else ())
    return replace(
        service,
        spec=replace(
            spec,
            ports=tuple(map(_port, spec.ports)),
            cluster_ip=spec.cluster_ip or (addresses[0] if addresses else None),
            cluster_ips=addresses,
        ),
    )


def _port(port: ServicePort) -> ServicePort:
    return port if port.target_port not in (None, 0, "") else replace(port, target_port=port.port)


def _route(route: HTTPRoute) -> HTTPRoute:
    """Gateway API, HTTPRoute: the defaults of `rules`, `matches` and `path`."""
    rules = route.spec.rules or (HTTPRouteRule(),)
    return replace(route, spec=replace(route.spec, rules=tuple(map(_rule, rules))))


def _rule(rule: HTTPRouteRule) -> HTTPRouteRule:
    return replace(rule, matches=tuple(map(_match, rule.matches)) or (_ANY_REQUEST,))


def _match(match: HTTPRouteMatch) -> HTTPRouteMatch:
    return match if match.path is not None else replace(match, path=_ANY_PATH)
