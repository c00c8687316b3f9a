"""A resource with its status → the status as it is written. Pure."""

from collections.abc import Mapping
from typing import Any

from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.render import to_dict
from hauberk.status.condition import CONTROLLER
from hauberk.status.report import Reported
from hauberk.status.route import PARENTS_MAX


def written(resource: Reported, stored: Mapping[str, Any]) -> dict[str, Any]:
    """`stored` is the status as it stands there.

    The parents of a route are one list, which is written as a whole: what other controllers say there is repeated to
    the letter, for it may have fields that the mesh knows nothing of. The entries of a rate limit have owners each.
    """
    status: dict[str, Any] = to_dict(resource).get("status", {})
    if isinstance(resource, HTTPLocalRateLimitPolicy):
        return _complete(status)
    there = (parent for parent in stored.get("parents") or () if isinstance(parent, Mapping))
    others = [parent for parent in there if parent.get("controllerName") != CONTROLLER]
    ours = [_complete(parent) for parent in status.get("parents", ()) if parent["controllerName"] == CONTROLLER]
    return {"parents": [*others, *ours][:PARENTS_MAX]}


def _complete(told: dict[str, Any]) -> dict[str, Any]:
    """A condition has to have a message, if only an empty one (meta/v1): the definitions of the Gateway API insist."""
    return {**told, "conditions": [{"message": "", **condition} for condition in told.get("conditions", ())]}
