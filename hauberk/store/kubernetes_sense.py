"""Whether an object of Kubernetes makes sense to the mesh. Pure.

The API server has checked Kubernetes' own kinds, and a Service that the mesh can do little with is still there; so of
those only annotations are judged, one by one. Authorizations and authentications are held to the same rules as on a
plain machine: half of one is worse than none, which admits nobody. What restricts is never left out,
and closed where it cannot be read at all (`kubernetes_salvage`).
"""

from msgspec.structs import replace

from hauberk.model.annotations import annotation_problems
from hauberk.model.defaults import with_defaults
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.kinds import GATEWAY, POLICY, Kind
from hauberk.model.problem import Problem
from hauberk.model.resource import Resource
from hauberk.model.rules import problems_of
from hauberk.model.server import Server
from hauberk.store.kubernetes_lean import lean

_OUR_PARENTS = frozenset({"Service", "Server", "EgressNetwork"})
_NEVER_LEFT_OUT = (Server, HTTPRoute, GRPCRoute, HTTPLocalRateLimitPolicy)
"""Without them more would be allowed than they say. Whoever decides on them knows what to do with one that makes no
sense, and its status tells."""
_SHOWN = 3
_LONGEST = 500
"""Characters of a reason: it may quote what somebody wrote."""


class NotOurs(Exception):
    """The mesh does not look at this object. The text says what is wrong with it, or nothing."""


def sensible(resource: Resource, kind: Kind) -> tuple[Resource, tuple[str, ...]]:
    """Return the object as the mesh keeps it, and remarks on what was left out of it. Raises NotOurs.

    `resource` has just been decoded and is nobody else's: it may be changed.
    """
    lean(resource)
    if isinstance(resource, HTTPRoute | GRPCRoute):
        resource = _to_us(resource)
    resource = with_defaults(resource)
    if kind.group in (POLICY, GATEWAY):
        found = tuple(problems_of(resource, kind))
        if found and not isinstance(resource, _NEVER_LEFT_OUT):
            raise NotOurs(_text(found))
        return resource, (_text(found),) if found else ()
    return resource, _without_bad_annotations(resource)


def _to_us(route: HTTPRoute | GRPCRoute) -> Resource:
    """A route may hang on gateways too, which others serve. Raises NotOurs where nothing else is left."""
    parents = route.spec.parent_refs
    ours = tuple(parent for parent in parents if parent.kind in _OUR_PARENTS)
    if parents and not ours:
        raise NotOurs
    return route if len(ours) == len(parents) else replace(route, spec=replace(route.spec, parent_refs=ours))


def _without_bad_annotations(resource: Resource) -> tuple[str, ...]:
    annotations = resource.metadata.annotations
    if not annotations:
        return ()
    found = tuple(annotation_problems(resource))
    for problem in found:
        annotations.pop(problem.field.removeprefix("metadata.annotations[").removesuffix("]"), None)
    return tuple(bounded(str(problem)) for problem in found)


def _text(problems: tuple[Problem, ...]) -> str:
    more = len(problems) - _SHOWN
    text = "; ".join(map(str, problems[:_SHOWN])) + (f"; and {more} more" if more > 0 else "")
    return bounded(text)


def bounded(text: str) -> str:
    """A text for a log: one line, of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
