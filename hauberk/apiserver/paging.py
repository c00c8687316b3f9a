"""Handing a listing out in pages (`limit`, `continue`). Pure.

Pages are cut from what is there when each is asked for, in order of namespace and name. All of them carry the resource
version of the first, so that a watch from there tells whatever changed between two pages.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hauberk.model.resource import Resource


class ContinueInvalid(Exception):
    """The `continue` of a request is not one that was given out."""


class Continue(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins (after this namespace and name), and the revision of the first page."""

    revision: int
    namespace: str
    name: str

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Continue":
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(raw, type=cls)
        except (binascii.Error, ValueError) as e:
            raise ContinueInvalid("continue is not a value that this server gave out: list from the start") from e


@dataclass(frozen=True)
class Page:
    items: Sequence[Resource]
    revision: int
    next: Continue | None
    remaining: int


def page_of(resources: Sequence[Resource], *, revision: int, limit: int, after: Continue | None) -> Page:
    """Cut the next page; `limit` 0 means all."""
    ordered = sorted(resources, key=_key)
    if after is not None:
        ordered = [resource for resource in ordered if _key(resource) > (after.namespace, after.name)]
        revision = after.revision
    if not limit or len(ordered) <= limit:
        return Page(ordered, revision, None, 0)
    items = ordered[:limit]
    return Page(items, revision, Continue(revision, *_key(items[-1])), len(ordered) - limit)


def _key(resource: Resource) -> tuple[str, str]:
    return (resource.metadata.namespace or "", resource.metadata.name)
