"""What a request is about: the path of a Kubernetes-style API, taken apart. Pure.

/api/v1/namespaces/NS/PLURAL/NAME/SUBRESOURCE        the core group
/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME        all others
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from hauberk.model.kinds import Kind, Resource, by_plural

# As in Kubernetes, these words after a Namespace's name are its subresources and not a collection within it.
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True)
class Location:
    """A path under a group and version; whether there is such a kind is another question."""

    group: str
    version: str
    namespace: str | None
    plural: str
    name: str | None
    subresource: str | None


@dataclass(frozen=True)
class Target:
    """A collection, an object or a subresource of a kind that is served. `namespace` is None across namespaces."""

    kind: Kind
    version: str
    namespace: str | None
    name: str | None = None
    subresource: str | None = None

    @property
    def api_version(self) -> str:
        return f"{self.kind.group}/{self.version}" if self.kind.group else self.version

    @property
    def has_status(self) -> bool:
        """Whether objects of this kind have a status."""
        return "status" in self.kind.struct.__struct_fields__

    def of(self, namespace: str, name: str) -> Self:
        """Return the target that is one object of this collection."""
        return replace(self, namespace=namespace or None, name=name)

    def has(self, resource: Resource) -> bool:
        """Whether the resource is of this kind (which two groups may both have)."""
        return isinstance(resource, self.kind.struct) and resource.group == self.kind.group


def locate(segments: Sequence[str]) -> Location | None:
    """Take the segments of a path apart; None if it is no path of a resource."""
    match segments:
        case ["api", "v1", *rest]:
            group, version = "", "v1"
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    namespace = None
    if len(rest) >= 3 and rest[0] == "namespaces" and rest[2] not in _NAMESPACE_SUBRESOURCES:
        namespace, rest = rest[1], rest[2:]
    if not 1 <= len(rest) <= 3 or not all(rest):
        return None
    plural, name, subresource = (*rest, None, None)[:3]
    return Location(group, version, namespace, str(plural), name, subresource)


def resolve(location: Location) -> Target | None:
    """Return the target, or None if no such kind is served in that version, or not at that level."""
    kind = by_plural(location.group, location.plural)
    if kind is None or not kind.on_machines or location.version not in kind.versions:
        return None
    if kind.namespaced and location.name is not None and location.namespace is None:
        return None
    if not kind.namespaced and location.namespace is not None:
        return None
    return Target(kind, location.version, location.namespace, location.name, location.subresource)
