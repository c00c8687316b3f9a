"""The contract of a store: what its users may rely on, whatever the back end."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeVar

from hauberk.model.kinds import Kind
from hauberk.model.resource import Resource

R = TypeVar("R", bound=Resource)


class Ref(NamedTuple):
    """The name of one object, whatever its version. The namespace is empty for kinds that are in none."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


def ref_of(resource: Resource) -> Ref:
    """Return the name of an object."""
    return Ref(resource.group, resource.kind, resource.metadata.namespace, resource.metadata.name)


@dataclass(frozen=True, slots=True)
class Event:
    """One change. A `delete` carries the object as it was last."""

    type: Literal["put", "delete"]
    resource: Resource
    revision: int
    """Of the store, after the change. Of a put it is also the object's resource version.

    In a cluster there is one exception: what only a later listing showed (a kind that was hidden until then, and every
    deletion that was missed) has the revision of that listing, so that several changes may have the same. Whoever stops
    between them lists anew.
    """


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is at a revision, in the order of namespace and name."""

    items: tuple[Resource, ...]
    revision: int


class StoreError(Exception):
    """The root of all errors of stores."""


class NotFound(StoreError):
    """There is no such object."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(f"{ref} does not exist")
        self.ref = ref


class AlreadyExists(StoreError):
    """There is an object of that name already."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(f"{ref} exists already")
        self.ref = ref


class Conflict(StoreError):
    """The object is not the one (uid), or not in the state (resource version), that the writer expected."""

    def __init__(self, ref: Ref, why: str) -> None:
        super().__init__(f"{ref} has changed: {why}; read it again and repeat the change")
        self.ref = ref


class Gone(StoreError):
    """The changes since the revision asked for are no longer kept, or the watcher was too slow: list again."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: list again")


class Refused(StoreError):
    """Whoever keeps the objects does not take this one, for a reason that lies in it: nothing was written."""

    def __init__(self, ref: Ref, why: str) -> None:
        super().__init__(f"{ref} is refused: {why}")
        self.ref = ref
        self.why = why


class StoreUnavailable(StoreError):
    """The store cannot do it now and may later. Nothing was written (a read gave nothing)."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(f"{why}: {hint}")
        self.why = why
        self.hint = hint


class StoreCorrupt(StoreError):
    """What is kept cannot be understood; `hint` says how to restore it."""

    def __init__(self, path: str, why: str, hint: str) -> None:
        super().__init__(f"the store {path} is damaged ({why}): {hint}")
        self.path = path
        self.why = why
        self.hint = hint


class Store(Protocol):
    """Objects by name, and the order of their changes.

    A write is acknowledged when it is durable, and from then on every read shows it. Any method may raise
    StoreUnavailable. Not thread-safe: for one event loop.

    Where one process keeps all objects (memory, SQLite), revisions count changes, begin at 1, and are one order for all
    kinds: who knows all changes up to a revision knows everything that was there then.

    In a cluster (Kubernetes), revisions are those of etcd. They rise with every change to anything in it, so there are
    gaps, and a new store is not at 0. They order the changes of one kind. Changes of different kinds come as they come:
    a watcher of several may be told of revision 7 of one kind before revision 6 of another. So what a snapshot of
    several kinds can say honestly is the newest change that is in it, not that nothing older is missing; what is
    missing comes by itself. Generations and refusals are Kubernetes' own. A kind that the cluster does not know is an
    empty listing until it does.
    """

    @property
    def identity(self) -> str:
        """A UUID that the store, or the cluster, got when it was made.

        Revisions of different stores are not comparable.
        """
        ...

    async def get(self, ref: Ref) -> Resource:
        """Raises NotFound."""
        ...

    async def list(self, kind: Kind, namespace: str | None = None) -> Listing:
        """All objects of a kind, of one namespace or (None) of all."""
        ...

    async def create(self, resource: R) -> R:
        """Keep a new object, and return it as kept: with uid, creation time, generation 1 and resource version.

        Raises AlreadyExists and Refused.
        """
        ...

    async def update(self, resource: R, *, expected: str | None) -> R:
        """Replace an object; in a cluster, what the mesh knows of it, but not its status. Its uid and age stay.

        Its generation grows if more than metadata and status changed.

        `expected` is the resource version that is to be replaced; None replaces any. An update that changes nothing
        makes no revision. Raises NotFound, Refused, and Conflict where the object is in another state by now.
        """
        ...

    async def delete(self, ref: Ref, *, expected: str | None = None, uid: str | None = None) -> Resource:
        """Remove an object and return it as it was; with `expected` or `uid` only that state or that very object.

        Raises NotFound and Conflict.
        """
        ...

    def watch(self, kind: Kind | None, *, since: int | Mapping[Kind, int]) -> AsyncGenerator[Event, None]:
        """Yield every change after the revision `since`, in order and without a gap, for as long as the caller asks.

        None watches all kinds. Whoever listed several has a revision of each, and gives them all: then no change after
        them is left out; one before them, and one of a kind that is not named, may be told or not.

        Raises Gone: then list, and watch from the revision of the listing. To be closed (`aclosing`) by whoever stops
        earlier.
        """
        ...

    async def revision(self) -> int:
        """The revision now, as far as it is known here; 0 while nothing was written."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go; watches end with StoreUnavailable."""
        ...
