"""What there is now, in memory. Not shared between threads."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from hauberk.model.kinds import Kind
from hauberk.model.resource import Resource
from hauberk.store.protocol import Ref, ref_of


class Index:
    """Objects by name, and by kind in the order of namespace and name."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._objects: dict[tuple[str, str], dict[Ref, Resource]] = {}
        self._refs: dict[tuple[str, str], list[Ref]] = {}
        """In order; kept so, because to sort anew after each change would take more time the more objects there are."""
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
            ordered = self._ordered[key] = tuple(objects[ref] for ref in self._refs.get(key, ()))
        if namespace is None:
            return ordered
        return tuple(resource for resource in ordered if resource.metadata.namespace == namespace)

    def refs(self, kind: Kind) -> tuple[Ref, ...]:
        return tuple(self._refs.get((kind.group, kind.kind), ()))

    def put(self, resource: Resource) -> None:
        ref = ref_of(resource)
        key = (ref.group, ref.kind)
        objects = self._objects.setdefault(key, {})
        if ref not in objects:
            insort(self._refs.setdefault(key, []), ref)
        objects[ref] = resource
        self._ordered.pop(key, None)

    def remove(self, ref: Ref) -> None:
        key = (ref.group, ref.kind)
        if self._objects.get(key, {}).pop(ref, None) is None:
            return
        refs = self._refs[key]
        del refs[bisect_left(refs, ref)]
        self._ordered.pop(key, None)
