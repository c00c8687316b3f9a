"""What there is now, in memory. Not shared between threads."""

from collections.abc import Iterable

from hauberk.model.kinds import Kind
from hauberk.model.resource import Resource
from hauberk.store.protocol import Ref, ref_of


class Index:
    """Objects by name, and by kind in the order of namespace and name."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._objects: dict[tuple[str, str], dict[Ref, Resource]] = {}
        self._ordered: dict[tuple[str, str], tuple[Resource, ...]] = {}
        for resource in resources:
            self.put(resource)

    def get(self, ref: Ref) -> Resource | None:
        return self._objects.get((ref.group, ref.kind), {}).get(ref)

    def list(self, kind: Kind, namespace: str | None) -> tuple[Resource, ...]:
        key = (kind.group, kind.kind)
        ordered = self._ordered.get(key)
        if ordered is None:
            objects = self._objects.get(key, {})
            ordered = self._ordered[key] = tuple(objects[ref] for ref in sorted(objects))
        if namespace is None:
            return ordered
        return tuple(resource for resource in ordered if resource.metadata.namespace == namespace)

    def put(self, resource: Resource) -> None:
        ref = ref_of(resource)
        self._objects.setdefault((ref.group, ref.kind), {})[ref] = resource
        self._ordered.pop((ref.group, ref.kind), None)

    def remove(self, ref: Ref) -> None:
        self._objects.get((ref.group, ref.kind), {}).pop(ref, None)
        self._ordered.pop((ref.group, ref.kind), None)
