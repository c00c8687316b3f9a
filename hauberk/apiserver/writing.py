"""Creating, replacing, patching and deleting one object."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from hauberk.apiserver.admission import NotAdmitted, addresses_of, carried_over, with_address, with_status
from hauberk.apiserver.manifest import parse
from hauberk.apiserver.namespaces import Namespaces
from hauberk.apiserver.patch import PatchInvalid, json_patch, merge_patch
from hauberk.apiserver.rendering import document_of
from hauberk.apiserver.status import Cause, Refused, already_exists, bad_request, conflict, forbidden, invalid, not_found
from hauberk.apiserver.target import Target
from hauberk.apiserver.warnings import Surroundings, warnings_for
from hauberk.model.kinds import KINDS, Resource, by_kind
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Pod
from hauberk.model.service import Service
from hauberk.store.protocol import AlreadyExists, Conflict, NotFound, Ref, Store

_PATCH_ATTEMPTS = 8
_WARNED_ABOUT = ("Server", "AuthorizationPolicy", "HTTPRoute")


@dataclass(frozen=True)
class Written:
    """The object as it is stored now (or, in a dry run, would be)."""

    resource: Resource
    warnings: Sequence[str] = ()


class Writer:
    """Writes to the store for one request at a time; all refusals are Refused."""

    def __init__(
        self, store: Store, namespaces: Namespaces, *, service_network: IPv4Network, allocation: asyncio.Lock
    ) -> None:
        """`allocation` is held while an address is chosen and written; enrollment holds the same one."""
        self._store = store
        self._namespaces = namespaces
        self._service_network = service_network
        self._allocation = allocation

    async def create(self, target: Target, raw: Mapping[str, Any], *, dry_run: bool) -> Written:
        wanted = parse(raw, target)
        if wanted.metadata.resource_version:
            raise bad_request("metadata.resourceVersion must not be set on an object that is created")
        name = wanted.metadata.name
        if target.kind.namespaced and not await self._exists(Ref("", "Namespace", "", wanted.metadata.namespace)):
            raise not_found("namespaces", wanted.metadata.namespace)
        async with self._allocation:
            admitted = await self._admitted(target, wanted, None)
            try:
                stored = admitted if dry_run else await self._store.create(admitted)
            except AlreadyExists:
                raise already_exists(target.kind.plural, name, group=target.kind.group) from None
        if dry_run and await self._exists(_ref(target, wanted)):
            raise already_exists(target.kind.plural, name, group=target.kind.group)
        if isinstance(stored, Namespace) and not dry_run:
            await self._namespaces.furnish(stored.metadata.name)
        return Written(stored, await self._warnings(stored))

    async def replace(self, target: Target, raw: Mapping[str, Any], *, dry_run: bool) -> Written:
        wanted = parse(raw, target)
        stored = await self._current(target)
        expected = wanted.metadata.resource_version or None
        if wanted.metadata.uid and wanted.metadata.uid != stored.metadata.uid:
            raise conflict(target.kind.plural, target.name or "", "its uid is another by now", group=target.kind.group)
        return await self._update(target, wanted, stored, expected=expected, dry_run=dry_run)

    async def patch(self, target: Target, patch: object, *, is_merge: bool, dry_run: bool) -> Written:
        """Apply a patch; one that names no resource version is applied again to whatever came in between."""
        for _ in range(_PATCH_ATTEMPTS):
            stored = await self._current(target)
            before = document_of(stored, target)
            try:
                after = merge_patch(before, patch) if is_merge else json_patch(before, patch)
            except PatchInvalid as e:
                raise invalid(target.kind.plural, target.name or "", [Cause("", str(e))]) from None
            wanted = parse(after, target)
            asked = wanted.metadata.resource_version
            try:
                return await self._update(target, wanted, stored, expected=asked, dry_run=dry_run)
            except Refused as e:
                if e.reason != "Conflict" or asked != stored.metadata.resource_version or _names_version(patch):
                    raise
        raise conflict(target.kind.plural, target.name or "", "it changes faster than it can be patched")

    async def delete(self, target: Target, *, uid: str | None, dry_run: bool) -> Resource:
        stored = await self._current(target)
        if uid and uid != stored.metadata.uid:
            raise conflict(target.kind.plural, target.name or "", "its uid is another by now", group=target.kind.group)
        if isinstance(stored, Namespace):
            why = self._namespaces.undeletable(stored.metadata.name)
            if why:
                raise forbidden(why, kind="namespaces", name=stored.metadata.name)
        if dry_run:
            return stored
        if isinstance(stored, Namespace):
            await self._namespaces.empty(stored.metadata.name)
        try:
            removed = await self._store.delete(_ref(target, stored), uid=stored.metadata.uid)
        except (NotFound, Conflict):
            raise not_found(target.kind.plural, target.name or "", group=target.kind.group) from None
        return removed
