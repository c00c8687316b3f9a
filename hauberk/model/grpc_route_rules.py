"""The rules of GRPCRoutes: the Gateway API's, and which parts are honoured. Pure."""

import re

from hauberk.model import names
from hauberk.model.filter_rules import grpc_filters
from hauberk.model.grpcroute import GRPCMethodMatch, GRPCRoute, GRPCRouteMatch
from hauberk.model.problem import Problem, Problems
from hauberk.model.route_rules import backends, bounded, conditions, frame, parents, to_server, weights

_NAME_MAX = 1024
_SERVICE = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*")
_METHOD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


def grpc_route(route: GRPCRoute) -> Problems:
    yield from parents(route)
    yield from grpc_content(route)
    for index, rule in enumerate(route.spec.rules):
        yield from backends(f"spec.rules[{index}]", rule.backend_refs)
        if to_server(route) and rule.backend_refs:
            where = f"spec.rules[{index}].backendRefs"
            yield Problem(where, "a route of a Server has no backends", "make a route of the Service")


def grpc_content(route: GRPCRoute) -> Problems:
    """Everything but to what the route is attached, and where it leads."""
    yield from frame(route)
    inbound = to_server(route)
    for index, rule in enumerate(route.spec.rules):
        field = f"spec.rules[{index}]"
        yield from bounded(field, "matches", rule.matches)
        yield from bounded(field, "backendRefs", rule.backend_refs)
        for number, match in enumerate(rule.matches):
            yield from grpc_match(f"{field}.matches[{number}]", match)
        yield from grpc_filters(field, rule, inbound=inbound)
        yield from weights(field, rule.backend_refs)


def grpc_match(field: str, match: GRPCRouteMatch) -> Problems:
    if match.method is not None:
        yield from _method(f"{field}.method", match.method)
    yield from conditions(field, "headers", match.headers)


def _method(field: str, method: GRPCMethodMatch) -> Problems:
    if method.type == "RegularExpression":
        yield names.not_yet(f"{field}.type", method.type, "honoured: Exact")
        return
    yield from names.one_of(f"{field}.type", method.type, ("Exact",))
    if not method.service and not method.method:
        yield Problem(field, "has neither service nor method")
    for key, text, form in (("service", method.service, _SERVICE), ("method", method.method, _METHOD)):
        if text and (len(text) > _NAME_MAX or form.fullmatch(text) is None):
            yield Problem(f"{field}.{key}", f"{text[:_NAME_MAX]!r} is not the name of a {key}")
