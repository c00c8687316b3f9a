"""The store of a cluster: Kubernetes' own API keeps the objects, and this process holds those that it needs."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any, Self, TypeVar

from hauberk.client.api import Client
from hauberk.client.errors import ApiError
from hauberk.model.kinds import Kind, kind_named, kind_of
from hauberk.model.resource import Resource
from hauberk.runtime.latest import Latest
from hauberk.runtime.tasks import spawn
from hauberk.store.kubernetes_cache import Cache, key_of
from hauberk.store.kubernetes_follow import UNKNOWN_S, Follower
from hauberk.store.kubernetes_reading import LeftOut
from hauberk.store.kubernetes_trouble import unavailable
from hauberk.store.kubernetes_writing import ChangeOfStatus, Writing
from hauberk.store.protocol import Event, Listing, Ref, StoreUnavailable

R = TypeVar("R", bound=Resource)
CHANGES = 10_000
"""Changes that are kept for watchers that are behind."""
_CHUNK = 256
"""Changes that a watcher takes at a time."""
_LATE_S = 10.0
"""How long a reader waits for what was written here to come back."""
_SYSTEM = "kube-system"


@dataclass(frozen=True, slots=True)
class Followed:
    """A kind, as far as it is known."""

    known: int
    """Objects that are there."""
    left_out: int
    """Those of the cluster that make no sense."""
    trouble: StoreUnavailable | None
    """Why changes do not come in; what was known stays."""


class KubernetesStore:
    """Keeps the contract of `Store`, as far as its text says that clusters do.

    `run` has to run for anything to be listed or watched. Only the kinds that are given are; and an object that cannot
    be read, or would allow what it does not say, is not there.
    """

    def __init__(
        self,
        client: Client,
        kinds: Collection[Kind],
        *,
        identity: str,
        rng: Random,
        changes: int = CHANGES,
        unknown_s: float = UNKNOWN_S,
    ) -> None:
        """Made by `open`. `unknown_s` is between looks for a kind that the server does not know."""
        self._identity = identity
        self._cache = Cache(changes=changes)
        self._changes = Latest(None)
        self._followers = {
            kind: Follower(client, kind, self._cache, self._tell, rng=rng, unknown_s=unknown_s) for kind in kinds
        }
        self._writing = Writing(client)
        self._written: dict[Kind, int] = {}
        self._deleted: dict[Ref, str] = {}
        self._closed = asyncio.Event()

    @classmethod
    async def open(
        cls,
        client: Client,
        kinds: Collection[Kind],
        *,
        rng: Random | None = None,
        changes: int = CHANGES,
        unknown_s: float = UNKNOWN_S,
    ) -> Self:
        """Ask the cluster who it is. The client stays the caller's. Raises StoreUnavailable."""
        namespaces = kind_named("", "Namespace")
        try:
            document = await client.get(namespaces, _SYSTEM)
        except ApiError as error:
            raise unavailable(error, "get", namespaces) from error
        identity = str((document.get("metadata") or {}).get("uid", ""))
        return cls(client, kinds, identity=identity, rng=rng or SystemRandom(), changes=changes, unknown_s=unknown_s)

    async def run(self) -> None:
        """Follow all kinds until the store is closed, or this is cancelled."""
        async with asyncio.TaskGroup() as group:
            tasks = [spawn(group, follower.run(), name=f"follow {kind}") for kind, follower in self._followers.items()]
            await self._closed.wait()
            for task in tasks:
                task.cancel()

    @property
    def identity(self) -> str:
        """The uid of the namespace kube-system, which lives as long as the cluster."""
        return self._identity

    @property
    def left_out(self) -> Mapping[Ref, LeftOut]:
        """The objects of the cluster that make no sense, with the reasons."""
        return self._cache.left_out

    @property
    def followed(self) -> Mapping[Kind, Followed]:
        """What there is of each kind at this moment."""
        return {
            kind: Followed(*self._cache.count(kind), trouble=follower.trouble)
            for kind, follower in self._followers.items()
        }

    @property
    def troubles(self) -> Mapping[Kind, StoreUnavailable]:
        """The kinds that are not followed at this moment, and why; what was known of them stays."""
        return {kind: follower.trouble for kind, follower in self._followers.items() if follower.trouble is not None}

    async def get(self, ref: Ref) -> Resource:
        self._open()
        return await self._writing.get(ref)

    async def list(self, kind: Kind, namespace: str | None = None) -> Listing:
        self._open()
        await self._known(kind)
        await self._caught_up(kind)
        return Listing(self._cache.list(kind, namespace), self._cache.position(kind) or 0)

    async def create(self, resource: R) -> R:
        self._open()
        return self._wrote(await self._writing.create(resource))

    async def update(self, resource: R, *, expected: str | None) -> R:
        """Change what differs; fields that the mesh does not know stay, as does the status (see `change_status`)."""
        self._open()
        return self._wrote(await self._writing.update(resource, expected=expected))

    async def delete(self, ref: Ref, *, expected: str | None = None, uid: str | None = None) -> Resource:
        """Ask for the end of an object; one with finalizers is there until those are done."""
        self._open()
        deleted = await self._writing.delete(ref, expected=expected, uid=uid)
        self._deleted = {ref: uid for ref, uid in self._deleted.items() if self._is_there(ref, uid)}
        self._deleted[ref] = deleted.metadata.uid
        return deleted

    async def apply(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have the fields of a document in force, by server-side apply; the object is made if need be.

        The fields that this store applied before and that are no longer in the document go. Returns the whole object.
        """
        self._open()
        return await self._writing.apply(document)

    async def change_status(self, ref: Ref, change: ChangeOfStatus) -> None:
        """Have the status that `change` makes of the object as it is now, which others may write to as well.

        It is asked anew where somebody was faster, and nothing is written where it gives None, or where the mesh does
        not look at the object. What this store applied before and is no longer named goes. Raises StoreError.
        """
        self._open()
        await self._writing.change_status(ref, change)

    async def watch(self, kind: Kind | None, *, since: int | Mapping[Kind, int]) -> AsyncGenerator[Event, None]:
        wanted = {key_of(each): since if isinstance(since, int) else since[each] for each in self._kinds(kind, since)}
        self._open()
        place = self._cache.start(wanted)
        while True:
            self._open()
            seen = self._changes.version
            before = place
            place, events = self._cache.after(place, wanted, most=_CHUNK)
            for event in events:
                yield event
            if place == before:
                await self._changes.changed(seen)

    async def revision(self) -> int:
        self._open()
        return max(self._cache.newest, *self._written.values(), 0)

    async def close(self) -> None:
        self._closed.set()
        self._tell()

    def _kinds(self, kind: Kind | None, since: int | Mapping[Kind, int]) -> Sequence[Kind]:
        followed = self._followers if kind is None else (kind,)
        return [each for each in followed if isinstance(since, int) or each in since]

    async def _known(self, kind: Kind) -> None:
        """Return when a kind was listed. Raises StoreUnavailable where that fails."""
        follower = self._followers[kind]
        while self._cache.position(kind) is None:
            self._open()
            if follower.trouble is not None:
                raise StoreUnavailable(follower.trouble.why, follower.trouble.hint)
            await self._changes.changed(self._changes.version)

    async def _caught_up(self, kind: Kind) -> None:
        """Return when what was written here has come back. Raises StoreUnavailable where it does not come."""
        try:
            async with asyncio.timeout(_LATE_S):
                while not self._shows_writes(kind):
                    self._open()
                    await self._changes.changed(self._changes.version)
        except TimeoutError as error:
            raise StoreUnavailable(f"the changes of {kind} come late", "the API server is slow, or away") from error

    def _shows_writes(self, kind: Kind) -> bool:
        position = self._cache.position(kind) or 0
        return position >= self._written.get(kind, 0) and not any(
            self._is_there(ref, uid) for ref, uid in self._deleted.items() if ref[:2] == key_of(kind)
        )

    def _is_there(self, ref: Ref, uid: str) -> bool:
        known = self._cache.get(ref)
        return known is not None and known.metadata.uid == uid and known.metadata.deletion_timestamp is None

    def _wrote(self, resource: R) -> R:
        kind = kind_of(resource)
        if kind in self._followers:
            self._written[kind] = max(self._written.get(kind, 0), int(resource.metadata.resource_version))
        return resource

    def _tell(self) -> None:
        self._changes.set(None)

    def _open(self) -> None:
        if self._closed.is_set():
            raise StoreUnavailable("the store is closed", "the control plane is stopping: try again when it runs")
