"""Creating, replacing, patching and deleting one object."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from hauberk.apiserver.admission import NotAdmitted, addresses_of, as_new, carried_over, with_address, with_status
from hauberk.apiserver.manifest import parse
from hauberk.apiserver.namespaces import Namespaces
from hauberk.apiserver.options import DeleteOptions
from hauberk.apiserver.patch import PatchInvalid, json_patch, merge_patch
from hauberk.apiserver.rendering import document_of
from hauberk.apiserver.status import (
    Cause,
    Refused,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)
from hauberk.apiserver.target import Target
from hauberk.apiserver.warnings import Surroundings, warnings_for
from hauberk.model.kinds import KINDS, Resource, kind_named
from hauberk.model.namespace import Namespace
from hauberk.model.parse import warnings
from hauberk.model.pod import Pod
from hauberk.model.service import Service
from hauberk.store.protocol import AlreadyExists, Conflict, NotFound, Ref, Store, ref_of

_SERVICE = kind_named("", "Service")
_PATCH_ATTEMPTS = 8
_WARNED_ABOUT = ("Server", "AuthorizationPolicy", "HTTPRoute", "GRPCRoute", "HTTPLocalRateLimitPolicy")


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
        async with self._allocation:
            if target.kind.namespaced and not await self._exists(Ref("", "Namespace", "", wanted.metadata.namespace)):
                raise not_found("namespaces", wanted.metadata.namespace)
            admitted = await self._admitted(as_new(wanted), None)
            taken = already_exists(target.kind.plural, wanted.metadata.name, group=target.kind.group)
            if dry_run and await self._exists(ref_of(wanted)):
                raise taken
            try:
                stored = admitted if dry_run else await self._store.create(admitted)
            except AlreadyExists:
                raise taken from None
            if isinstance(stored, Namespace) and not dry_run:
                await self._namespaces.furnish(stored.metadata.name)
        return Written(stored, await self._warnings(stored))

    async def replace(self, target: Target, raw: Mapping[str, Any], *, dry_run: bool) -> Written:
        """Replace an object; one that names no resource version replaces whatever is there when it is written."""
        wanted = parse(raw, target)
        asked = wanted.metadata.resource_version or None
        for _ in range(_PATCH_ATTEMPTS):
            stored = await self._current(target)
            if wanted.metadata.uid and wanted.metadata.uid != stored.metadata.uid:
                why = "its uid is another by now"
                raise conflict(target.kind.plural, target.name or "", why, group=target.kind.group)
            # What its author cannot change is kept, and must not be kept as it was before somebody else wrote.
            expected = asked or stored.metadata.resource_version
            try:
                return await self._update(target, wanted, stored, expected=expected, dry_run=dry_run)
            except Refused as e:
                if e.reason != "Conflict" or asked is not None:
                    raise
        raise conflict(target.kind.plural, target.name or "", "it changes faster than it can be replaced")

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

    async def delete(self, target: Target, options: DeleteOptions) -> Resource:
        stored = await self._current(target)
        _insist(target, stored, options)
        if isinstance(stored, Namespace):
            why = self._namespaces.undeletable(stored.metadata.name)
            if why:
                raise forbidden(why, kind="namespaces", name=stored.metadata.name)
        if options.dry_run:
            return stored
        try:
            # Nothing is added to a Namespace while it goes: creation and enrollment hold the same lock.
            async with self._allocation:
                _insist(target, await self._current(target), options)
                if isinstance(stored, Namespace):
                    await self._namespaces.empty(stored.metadata.name)
                return await self._store.delete(
                    ref_of(stored), uid=stored.metadata.uid, expected=options.resource_version
                )
        except NotFound:
            raise not_found(target.kind.plural, target.name or "", group=target.kind.group) from None
        except Conflict as e:
            raise conflict(target.kind.plural, target.name or "", str(e), group=target.kind.group) from None

    async def _update(
        self, target: Target, wanted: Resource, stored: Resource, *, expected: str | None, dry_run: bool
    ) -> Written:
        """Write an object in the place of the stored one, if that still is the one that is expected."""
        async with self._allocation:
            if target.subresource == "status":
                changed = with_status(wanted, stored)
            else:
                changed = await self._admitted(carried_over(wanted, stored), stored)
            if dry_run and expected not in (None, stored.metadata.resource_version):
                why = f"resource version {expected} is expected"
                raise conflict(target.kind.plural, target.name or "", why, group=target.kind.group)
            try:
                written = changed if dry_run else await self._store.update(changed, expected=expected)
            except NotFound:
                raise not_found(target.kind.plural, target.name or "", group=target.kind.group) from None
            except Conflict as e:
                raise conflict(target.kind.plural, target.name or "", str(e), group=target.kind.group) from None
        return Written(written, await self._warnings(written))

    async def _current(self, target: Target) -> Resource:
        name, group = target.name or "", target.kind.group
        try:
            return await self._store.get(Ref(group, target.kind.kind, target.namespace or "", name))
        except NotFound:
            raise not_found(target.kind.plural, name, group=group) from None

    async def _exists(self, ref: Ref) -> bool:
        try:
            await self._store.get(ref)
        except NotFound:
            return False
        return True

    async def _admitted(self, wanted: Resource, stored: Resource | None) -> Resource:
        """Complete what only the server knows; the caller holds the lock. Raises Refused."""
        if not isinstance(wanted, Service):
            return wanted
        meta = wanted.metadata
        others = (
            item
            for item in (await self._store.list(_SERVICE)).items
            if isinstance(item, Service)
            and (item.metadata.name != meta.name or item.metadata.namespace != meta.namespace)
        )
        before = stored if isinstance(stored, Service) else None
        try:
            return with_address(wanted, before, network=self._service_network, taken=addresses_of(others))
        except NotAdmitted as e:
            raise invalid("Service", wanted.metadata.name, e.causes) from None

    async def _warnings(self, resource: Resource) -> Sequence[str]:
        found = [*warnings(resource)]
        if resource.kind in _WARNED_ABOUT:
            found += warnings_for(resource, await self._surroundings())
        return found

    async def _surroundings(self) -> Surroundings:
        listed = [item for kind in KINDS for item in (await self._store.list(kind)).items]
        return Surroundings(
            pods=[item for item in listed if isinstance(item, Pod)],
            named={(item.kind, item.metadata.namespace, item.metadata.name): item for item in listed},
        )


def _insist(target: Target, stored: Resource, options: DeleteOptions) -> None:
    """Raises Refused (409) where the object is not the one that a deletion insists on."""
    meta = stored.metadata
    for asked, there, what in (
        (options.uid, meta.uid, "uid"),
        (options.resource_version, meta.resource_version, "resource version"),
    ):
        if asked and asked != there:
            why = f"its {what} is {there} by now"
            raise conflict(target.kind.plural, target.name or "", why, group=target.kind.group)


def _names_version(patch: object) -> bool:
    """Whether a patch (of either form) says which resource version it is for."""
    if isinstance(patch, Mapping):
        metadata = patch.get("metadata")
        return isinstance(metadata, Mapping) and "resourceVersion" in metadata
    if not isinstance(patch, list):
        return False
    return any(isinstance(step, Mapping) and step.get("path") == "/metadata/resourceVersion" for step in patch)
