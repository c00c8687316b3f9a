"""A route → what each of its parents makes of it (Gateway API, RouteStatus). Pure."""

from datetime import datetime

from hauberk.catalog.attaching import NotAccepted, acceptance
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.referring import Unresolved, backend_of
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httproute import HTTPRoute
from hauberk.model.route import ParentReference, RouteParentStatus, RouteStatus
from hauberk.model.route_rules import CORE, POLICY, is_server, is_service
from hauberk.status.condition import ACCEPTED, CONTROLLER, RESOLVED_REFS, Verdict, conditions

PARENTS_MAX = 32
"""Of one status, of all controllers together (Gateway API)."""

Key = tuple[str, str, str, str, str, int]
"""What a parent reference means, however it is written."""


def route_status(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute | GRPCRoute, now: datetime) -> RouteStatus | None:
    """The status of the route; what other controllers say of it stays. None where nobody has anything to say."""
    before = route.status.parents if route.status is not None else ()
    others = tuple(parent for parent in before if parent.controller_name != CONTROLLER)
    held = {_key(route, of.parent_ref): of for of in before if of.controller_name == CONTROLLER}
    wanted = {_key(route, parent): parent for parent in route.spec.parent_refs if _is_ours(parent)}
    ours = list(wanted.items())[: PARENTS_MAX - len(others)]
    own = {key: _parent(mesh, snapshot, route, parent, held.get(key), now) for key, parent in ours}
    if own == held:
        return route.status
    return RouteStatus(parents=(*others, *own.values())) if others or own else None


def _parent(
    mesh: Mesh,
    snapshot: Snapshot,
    route: HTTPRoute | GRPCRoute,
    parent: ParentReference,
    before: RouteParentStatus | None,
    now: datetime,
) -> RouteParentStatus:
    verdicts = (_accepted(mesh, snapshot, route, parent), _resolved(snapshot, route))
    old = before.conditions if before is not None else ()
    new = conditions(verdicts, old, generation=route.metadata.generation, now=now)
    if before is not None and all(condition in old for condition in new):
        return before
    return RouteParentStatus(parent_ref=parent, controller_name=CONTROLLER, conditions=new)


def _accepted(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute | GRPCRoute, parent: ParentReference) -> Verdict:
    if not (is_service(parent) or is_server(parent)):
        refusal: NotAccepted | None = NotAccepted("NoMatchingParent", f"parents of kind {parent.kind} are not served")
    else:
        refusal = acceptance(mesh, snapshot, route, parent)
    if refusal is None:
        return Verdict(ACCEPTED, True, "Accepted")
    return Verdict(ACCEPTED, False, refusal.reason, refusal.message)


def _resolved(snapshot: Snapshot, route: HTTPRoute | GRPCRoute) -> Verdict:
    """Whether all backends exist, also those without weight; of several that do not, the kind matters most."""
    namespace = route.metadata.namespace
    found = [backend_of(snapshot, namespace, of) for rule in route.spec.rules for of in rule.backend_refs]
    wrong = sorted((of for of in found if isinstance(of, Unresolved)), key=lambda of: of.reason != "InvalidKind")
    if not wrong:
        return Verdict(RESOLVED_REFS, True, "ResolvedRefs")
    return Verdict(RESOLVED_REFS, False, wrong[0].reason, wrong[0].message)


def _is_ours(parent: ParentReference) -> bool:
    """Whether it is the mesh that answers for such a parent; gateways have controllers of their own."""
    return is_service(parent) or (parent.group == POLICY and parent.kind in ("Server", "EgressNetwork"))


def _key(route: HTTPRoute | GRPCRoute, parent: ParentReference) -> Key:
    group = "" if parent.group in CORE else parent.group
    namespace = parent.namespace or route.metadata.namespace
    return (group, parent.kind, namespace, parent.name, parent.section_name or "", parent.port or 0)
