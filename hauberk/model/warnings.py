"""What is valid and yet not what its author should leave as it is. Pure."""

from hauberk.model.annotations import without_effect
from hauberk.model.kinds import kind_of
from hauberk.model.resource import Resource


def warnings(resource: Resource) -> tuple[str, ...]:
    """Return sentences for the author of a manifest: deprecated versions, annotations and labels without effect."""
    kind = kind_of(resource)
    found = [f"{what} has no effect on a {kind.kind}" for what in without_effect(resource)]
    if resource.version in kind.deprecated:
        found.insert(0, f"{resource.api_version} {kind.kind} is deprecated; use {kind.api_version} {kind.kind}")
    return tuple(found)
