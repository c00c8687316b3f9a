"""Whether what a route says can be carried out, whoever wrote it and wherever it comes from. Pure.

A manifest that cannot is refused before it is written. Kubernetes may have such a route all the same: from before the
mesh, or for another one.
"""

from hauberk.model.grpc_route_rules import grpc_content, grpc_match
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.http_route_rules import http_content, http_match
from hauberk.model.httproute import HTTPRoute
from hauberk.model.metadata import UNREADABLE
from hauberk.model.problem import Problem


def not_honoured(route: HTTPRoute | GRPCRoute) -> tuple[Problem, ...]:
    """What of the route cannot be carried out; empty where all can.

    Its parents and the Services that it leads to are another question, which depends on what else there is.
    """
    if UNREADABLE in route.metadata.annotations:
        return (Problem("spec", "cannot be read"),)
    return tuple(http_content(route) if isinstance(route, HTTPRoute) else grpc_content(route))


def recognisable(route: HTTPRoute | GRPCRoute) -> bool:
    """Whether proxies can tell which requests the route means, even if not all that it wants done can be done."""
    if UNREADABLE in route.metadata.annotations:
        return False
    if isinstance(route, HTTPRoute):
        problems = (problem for rule in route.spec.rules for match in rule.matches for problem in http_match("", match))
    else:
        problems = (problem for rule in route.spec.rules for match in rule.matches for problem in grpc_match("", match))
    return next(problems, None) is None
