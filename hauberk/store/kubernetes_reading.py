"""Kubernetes' JSON → resources, leniently. Pure.

What people write on a plain machine is refused with a reason, so it can be read strictly. What is in a cluster is
there, was written for others too, and stays there: unknown fields are none of our business, and an object that makes no
sense to the mesh is left out alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from hauberk.client.errors import ApiError, Garbled, from_status
from hauberk.client.nulls import without_nulls
from hauberk.model.kinds import Kind
from hauberk.model.resource import Resource
from hauberk.store.kubernetes_salvage import CLOSES, closed, salvaged
from hauberk.store.kubernetes_sense import NotOurs, bounded, sensible
from hauberk.store.protocol import Ref, ref_of

T = TypeVar("T")

NOT_UNDERSTOOD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What comes of bytes that are no JSON, not of the kind, or nested without end."""


@dataclass(frozen=True, slots=True)
class Read:
    """An object, without those of its annotations that make no sense."""

    resource: Resource
    remarks: tuple[str, ...] = ()
    """What was left out of it, and why."""

    @property
    def ref(self) -> Ref:
        return ref_of(self.resource)

    @property
    def version(self) -> int:
        return revision_of(self.resource.metadata.resource_version)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An object that the mesh does not look at."""

    ref: Ref
    version: int
    reason: str
    """Empty where nothing is wrong with it: it is not meant for the mesh."""


Item = Read | LeftOut


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing."""

    items: Sequence[Item]
    revision: int
    following: str
    """The token with which the next part is asked for; empty for the last."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an object; a deletion has it as it was last."""

    item: Item
    deleted: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to this revision has been told."""

    revision: int


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str | None = msgspec.field(default=None, name="continue")


class _List(msgspec.Struct, Generic[T]):
    metadata: _ListMeta
    items: list[T] | None = None


class _Line(msgspec.Struct, Generic[T]):
    type: str
    object: T


class _Meta(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str | None = None
    resource_version: str = ""


class _Named(msgspec.Struct):
    """As much of an object as has to be there for it to be spoken of."""

    metadata: _Meta


class Reader:
    """For one kind. Its methods raise ApiError where what came is no answer of Kubernetes at all."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        struct: type[Resource] = kind.struct
        self._object = msgspec.json.Decoder(struct)
        self._list = msgspec.json.Decoder(_List[struct])  # type: ignore[valid-type]
        self._raw_list = msgspec.json.Decoder(_List[msgspec.Raw])
        self._line = msgspec.json.Decoder(_Line[struct])  # type: ignore[valid-type]
        self._raw_line = msgspec.json.Decoder(_Line[msgspec.Raw])

    def page(self, raw: bytes) -> Page:
        """All at once if all is well, which costs a third of looking at each object's bytes by itself."""
        try:
            listed = self._list.decode(raw)
        except NOT_UNDERSTOOD:
            return self._page_one_by_one(raw)
        return _page(listed.metadata, [self._sensible(resource) for resource in listed.items or ()])

    def change(self, raw: bytes) -> Change | Mark:
        """One line of a watch. Raises also the error that the server reports in it, such as Gone."""
        try:
            line = self._line.decode(raw)
        except NOT_UNDERSTOOD:
            return self._odd_change(raw)
        return Change(self._sensible(line.object), line.type == "DELETED")

    def item(self, raw: bytes | msgspec.Raw) -> Item:
        """One object by itself."""
        try:
            return self._sensible(self._object.decode(raw))
        except NOT_UNDERSTOOD:
            pass
        try:
            fields = without_nulls(msgspec.json.decode(raw))
            return self._sensible(msgspec.convert(fields, self._kind.struct))
        except NOT_UNDERSTOOD as error:
            return self._closed(raw, str(error)) or self._left_out(raw, str(error))

    def _closed(self, raw: bytes | msgspec.Raw, reason: str) -> Item | None:
        """None for what restricts nothing."""
        resource = salvaged(raw, self._kind)
        if resource is None:
            return None
        item = self._sensible(resource)
        return Read(item.resource, _closing(reason)) if isinstance(item, Read) else item

    def _page_one_by_one(self, raw: bytes) -> Page:
        try:
            listed = self._raw_list.decode(raw)
        except NOT_UNDERSTOOD as error:
            raise Garbled(f"a listing of {self._kind} is not understood: {error}") from error
        return _page(listed.metadata, [self.item(each) for each in listed.items or ()])

    def _odd_change(self, raw: bytes) -> Change | Mark:
        try:
            line = self._raw_line.decode(raw)
        except NOT_UNDERSTOOD as error:
            raise Garbled(f"an event of {self._kind} is not understood: {error}") from error
        match line.type:
            case "BOOKMARK":
                return Mark(revision_of(self._named(line.object).resource_version))
            case "ERROR":
                raise _reported(line.object)
            case "ADDED" | "MODIFIED" | "DELETED":
                return Change(self.item(line.object), line.type == "DELETED")
            case _:
                raise Garbled(f"an event of {self._kind} is of the unknown type {line.type[:40]!r}")

    def _sensible(self, resource: Resource) -> Item:
        version = revision_of(resource.metadata.resource_version)
        try:
            resource, remarks = sensible(resource, self._kind)
        except NotOurs as error:
            return LeftOut(ref_of(resource), version, str(error))
        except Exception as error:  # noqa: BLE001 - whatever somebody wrote into the cluster, it ends nothing here
            reason = f"{type(error).__name__}: {error}"
            if isinstance(resource, CLOSES):
                return Read(closed(resource), _closing(reason))
            return LeftOut(ref_of(resource), version, bounded(reason))
        return Read(resource, remarks)

    def _left_out(self, raw: bytes | msgspec.Raw, reason: str) -> LeftOut:
        meta = self._named(raw)
        ref = Ref(self._kind.group, self._kind.kind, meta.namespace or "", meta.name)
        return LeftOut(ref, revision_of(meta.resource_version), bounded(reason))

    def _named(self, raw: bytes | msgspec.Raw) -> _Meta:
        try:
            return msgspec.json.decode(raw, type=_Named).metadata
        except NOT_UNDERSTOOD as error:
            raise Garbled(f"an object of {self._kind} without a name and a version: {error}") from error


def _closing(reason: str) -> tuple[str]:
    return (bounded(f"{reason}; what it may be about is closed until it can be read"),)


def revision_of(text: str) -> int:
    """Resource versions are numbers wherever Kubernetes keeps its objects in etcd. Raises Garbled."""
    if not (text.isascii() and text.isdecimal()):
        raise Garbled(f"the resource version {text[:40]!r} is not a number: what keeps the objects is not etcd")
    return int(text)


def _page(metadata: _ListMeta, items: Sequence[Item]) -> Page:
    return Page(items, revision_of(metadata.resource_version), metadata.continue_ or "")


def _reported(raw: msgspec.Raw) -> ApiError:
    status = msgspec.json.decode(raw)
    if not isinstance(status, dict):
        return Garbled("a watch ended with an error that is no Status")
    code = status.get("code")
    return from_status(code if isinstance(code, int) else 500, status)
