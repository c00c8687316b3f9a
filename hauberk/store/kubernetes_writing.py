"""Writes to a cluster, by the contract of a store.

The mesh knows a part of an object, and its writes must not lose the rest: an update is a patch of what differs, and
counts only if the object is still the one that was compared.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from hauberk.client import errors
from hauberk.client.api import Client
from hauberk.client.nulls import without_nulls
from hauberk.client.threeway import merge_patch_for
from hauberk.model.defaults import with_defaults
from hauberk.model.kinds import Kind, kind_named, kind_of
from hauberk.model.render import to_dict
from hauberk.model.resource import Resource
from hauberk.store.kubernetes_reading import Read, Reader
from hauberk.store.kubernetes_trouble import unavailable
from hauberk.store.protocol import AlreadyExists, Conflict, NotFound, Ref, Refused, StoreError, ref_of
from hauberk.store.write import check

R = TypeVar("R", bound=Resource)

FIELD_MANAGER = "hauberk-controller"

Status = Mapping[str, Any]
ChangeOfStatus = Callable[[Resource, Status], Status | None]
"""Of an object as the mesh reads it and its status as it is written there: the status to be, None for that one."""

_ATTEMPTS = 10
"""At a write that replaces any state, while others write too."""
_OF_THE_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp")
_THIS_VERY_ONE = ("name", "namespace", "uid", "resourceVersion")
_NOT_CONTENT = ("apiVersion", "kind", "status")


class Writing:
    """What the API answers becomes a resource, or an error of stores."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._readers: dict[Kind, Reader] = {}

    async def get(self, ref: Ref) -> Resource:
        """The whole object, with all of its annotations."""
        return _resource(await self._document(ref), ref)

    async def create(self, resource: R) -> R:
        kind, ref = kind_of(resource), ref_of(resource)
        document = {**_content(resource), "apiVersion": kind.api_version, "kind": kind.kind}
        try:
            answer = await self._client.create(kind, document)
        except errors.NotFound as error:
            raise Refused(ref, error.message) from error  # its namespace is missing, or its kind
        except errors.ApiError as error:
            raise _refusal(error, ref, "create") from error
        return cast("R", _resource(answer.body, ref))

    async def update(self, resource: R, *, expected: str | None) -> R:
        ref = ref_of(resource)
        for _ in range(_ATTEMPTS):
            current = await self.get(ref)
            check(ref, current, expected=expected, uid=resource.metadata.uid or None)
            last, wanted = _content(current), _content(resource)
            patch = merge_patch_for(last=last, wanted=wanted, live=last)
            if not patch:
                return cast("R", current)
            patch.setdefault("metadata", {})["resourceVersion"] = current.metadata.resource_version
            try:
                answer = await self._client.merge(_kind(ref), ref.name, patch, namespace=ref.namespace or None)
            except errors.Conflict:
                continue
            except errors.ApiError as error:
                raise _refusal(error, ref, "patch") from error
            return cast("R", _resource(answer.body, ref))
        raise Conflict(ref, "others write to it all the time")

    async def delete(self, ref: Ref, *, expected: str | None, uid: str | None) -> Resource:
        for _ in range(_ATTEMPTS):
            current = await self.get(ref)
            check(ref, current, expected=expected, uid=uid)
            meta = current.metadata
            try:
                await self._client.delete(
                    _kind(ref),
                    ref.name,
                    namespace=ref.namespace or None,
                    uid=meta.uid,
                    resource_version=meta.resource_version,
                )
            except errors.Conflict:
                continue
            except errors.ApiError as error:
                raise _refusal(error, ref, "delete") from error
            return current
        raise Conflict(ref, "others write to it all the time")

    async def apply(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._applied(document, subresource=None)

    async def change_status(self, ref: Ref, change: ChangeOfStatus) -> None:
        kind = _kind(ref)
        if kind not in self._readers:
            self._readers[kind] = Reader(kind)
        reader = self._readers[kind]
        for _ in range(_ATTEMPTS):
            document = await self._document(ref)
            item = reader.item(msgspec.json.encode(document))
            status = change(item.resource, document.get("status") or {}) if isinstance(item, Read) else None
            if status is None:
                return
            metadata = {key: document["metadata"][key] for key in _THIS_VERY_ONE if key in document["metadata"]}
            named = {"apiVersion": kind.api_version, "kind": ref.kind, "metadata": metadata}
            try:
                await self._applied({**named, "status": status}, subresource="status")
            except Conflict:
                continue
            return
        raise Conflict(ref, "others write to it all the time")

    async def _applied(self, document: Mapping[str, Any], *, subresource: str | None) -> Mapping[str, Any]:
        ref = _ref_in(document)
        try:
            answer = await self._client.apply_server_side(
                _kind(ref), document, field_manager=FIELD_MANAGER, subresource=subresource
            )
        except errors.ApiError as error:
            raise _refusal(error, ref, "patch") from error
        return answer.body

    async def _document(self, ref: Ref) -> dict[str, Any]:
        try:
            return await self._client.get(_kind(ref), ref.name, namespace=ref.namespace or None)
        except errors.ApiError as error:
            raise _refusal(error, ref, "get") from error


def _kind(ref: Ref) -> Kind:
    return kind_named(ref.group, ref.kind)


def _ref_in(document: Mapping[str, Any]) -> Ref:
    group = str(document["apiVersion"]).rpartition("/")[0]
    metadata = document["metadata"]
    return Ref(group, str(document["kind"]), metadata.get("namespace", ""), metadata["name"])


def _resource(document: Mapping[str, Any], ref: Ref) -> Resource:
    """Raises NotFound for what makes no sense: to the mesh it is not there."""
    try:
        return with_defaults(msgspec.convert(without_nulls(document), _kind(ref).struct))
    except msgspec.ValidationError as error:
        raise NotFound(ref) from error


def _content(resource: Resource) -> dict[str, Any]:
    """What a writer decides: neither status nor history, nor the version in which it is said."""
    document = to_dict(resource)
    metadata = {key: value for key, value in document["metadata"].items() if key not in _OF_THE_SERVER}
    return {key: value for key, value in document.items() if key not in _NOT_CONTENT} | {"metadata": metadata}


def _refusal(error: errors.ApiError, ref: Ref, verb: str) -> StoreError:
    match error:
        case errors.NotFound():
            return NotFound(ref)
        case errors.AlreadyExists():
            return AlreadyExists(ref)
        case errors.Conflict():
            return Conflict(ref, error.message)
        case errors.Invalid():
            return Refused(ref, error.message)
        case _:
            return unavailable(error, verb, _kind(ref))
