"""What every resource has: `metadata` (meta/v1 ObjectMeta)."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from hauberk.model.part import Part

UNREADABLE = "hauberk.dev/unreadable"
"""Annotation of what restricts and could not be read: set by whoever reads a cluster. It closes, whoever sets it."""


class OwnerReference(Part, frozen=True, kw_only=True):
    """The resource that this one was made for."""

    api_version: str = "v1"
    kind: str
    name: str
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Part, frozen=True, kw_only=True):
    """Name, place and history. The store sets `uid`, `resource_version`, `generation` and `creation_timestamp`."""

    ignored: ClassVar[frozenset[str]] = frozenset({"managedFields", "selfLink"})
    not_honoured: ClassVar[Mapping[str, str]] = {
        "generateName": "give the object a name",
        "finalizers": "objects are deleted at once: leave it out",
        "deletionGracePeriodSeconds": "leave it out",
    }

    name: str
    namespace: str = ""
    """Empty for kinds that are in no namespace."""
    uid: str = ""
    resource_version: str = ""
    """Opaque to clients; here the decimal revision of the store at which the object was written last."""
    generation: int = 0
    """Counts the changes of everything but metadata and status."""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()
