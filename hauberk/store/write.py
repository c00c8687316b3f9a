"""Writes, and what becomes of them: what is there and what is wanted in, the change or a refusal out. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from hauberk.model.resource import Resource
from hauberk.store.protocol import AlreadyExists, Conflict, Event, NotFound, Ref, ref_of


@dataclass(frozen=True, slots=True)
class Create:
    resource: Resource
    uid: str
    """Of the new object."""

    @property
    def ref(self) -> Ref:
        return ref_of(self.resource)


@dataclass(frozen=True, slots=True)
class Update:
    resource: Resource
    expected: str | None

    @property
    def ref(self) -> Ref:
        return ref_of(self.resource)


@dataclass(frozen=True, slots=True)
class Delete:
    ref: Ref
    expected: str | None
    uid: str | None


Write = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the writer is told, and the change that it makes; no change where all is so already."""

    resource: Resource
    event: Event | None


def decide(write: Write, current: Resource | None, *, revision: int, now: datetime) -> Outcome:
    """Return the outcome of a write that gets this revision; raises AlreadyExists, NotFound or Conflict."""
    match write:
        case Create():
            return _create(write, current, revision, now)
        case Update():
            return _update(write, _existing(write.ref, current), revision)
        case Delete():
            return _delete(write, _existing(write.ref, current), revision)


def _create(write: Create, current: Resource | None, revision: int, now: datetime) -> Outcome:
    if current is not None:
        raise AlreadyExists(write.ref)
    metadata = replace(
        write.resource.metadata,
        uid=write.uid,
        resource_version=str(revision),
        generation=1,
        creation_timestamp=now.replace(microsecond=0),  # as precise as Kubernetes' JSON
    )
    created = replace(write.resource, metadata=metadata)
    return Outcome(created, Event("put", created, revision))


def _update(write: Update, current: Resource, revision: int) -> Outcome:
    wanted, have = write.resource.metadata, current.metadata
    check(write.ref, current, expected=write.expected, uid=wanted.uid or None)
    kept = replace(
        wanted,
        uid=have.uid,
        resource_version=have.resource_version,
        generation=have.generation,
        creation_timestamp=have.creation_timestamp,
    )
    same = replace(write.resource, metadata=kept)
    if same == current:
        return Outcome(current, None)
    grown = have.generation + (1 if _means_else(same, current) else 0)
    updated = replace(same, metadata=replace(kept, resource_version=str(revision), generation=grown))
    return Outcome(updated, Event("put", updated, revision))


def _delete(write: Delete, current: Resource, revision: int) -> Outcome:
    check(write.ref, current, expected=write.expected, uid=write.uid)
    return Outcome(current, Event("delete", current, revision))


def _existing(ref: Ref, current: Resource | None) -> Resource:
    if current is None:
        raise NotFound(ref)
    return current


def check(ref: Ref, current: Resource, *, expected: str | None, uid: str | None) -> None:
    """Raises Conflict where an object is not the one that is meant, or not in that state."""
    have = current.metadata
    if uid is not None and uid != have.uid:
        raise Conflict(ref, f"it is another object by now, of uid {have.uid}")
    if expected is not None and expected != have.resource_version:
        raise Conflict(ref, f"it is at resource version {have.resource_version}, not {expected}")


def _means_else(new: Resource, old: Resource) -> bool:
    """Whether more than metadata and status differ."""
    kept: dict[str, Any] = {"metadata": old.metadata}
    if hasattr(old, "status"):
        kept["status"] = old.status
    return bool(replace(new, **kept) != old)
