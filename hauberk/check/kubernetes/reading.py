"""Objects of a cluster, many at a time: what there is, or why it may not be seen."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from hauberk.check.kubernetes.seen import Document, Seen
from hauberk.client.api import ALL, Client, Selector
from hauberk.client.errors import ApiError, Forbidden, NotFound, Unreachable
from hauberk.client.kinds import ApiKind, OtherKind
from hauberk.client.refused import hint_for
from hauberk.runtime.failures import flat

K = TypeVar("K")
V = TypeVar("V")

_AT_ONCE = 8
"""An API server gives each person a share of its places; more would only wait there."""
_AGAIN = "look again, and see what the API server says: kubectl get --raw '/readyz?verbose'"


class Reading:
    """Every method raises Unreachable and no other ApiError: without an API server nothing can be said at all."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def one(self, kind: OtherKind, name: str, namespace: str | None = None) -> Seen:
        """An object, with its kind; none where there is no such object."""
        try:
            async with self._places:
                found = await self._client.get(kind, name, namespace=namespace if kind.namespaced else None)
        except ApiError as error:
            return failed(error)
        return Seen(({"apiVersion": kind.api_version, "kind": kind.kind, **found},))

    async def all(self, kind: ApiKind, namespace: str | None = None, selector: Selector = ALL) -> Seen:
        """All objects of a kind, of one namespace or of all; none where the cluster does not know the kind."""
        try:
            async with self._places:
                return Seen((await self._client.list(kind, namespace=namespace, selector=selector)).items)
        except ApiError as error:
            return failed(error)

    async def trial(self, kind: OtherKind, document: Document, *, dry_run: bool = True) -> dict[str, Any] | ApiError:
        """What the API server makes of an object, or why it does not take it."""
        try:
            async with self._places:
                return (await self._client.create(kind, document, dry_run=dry_run)).body
        except Unreachable:
            raise
        except ApiError as error:
            return error


def failed(error: ApiError) -> Seen:
    """Raises Unreachable."""
    if isinstance(error, Unreachable):
        raise error
    if isinstance(error, NotFound):
        return Seen()
    hint = hint_for(error.message, unknown=error.code == 401) if isinstance(error, Forbidden) else _AGAIN
    return Seen(error=error.message, hint=hint)


async def together(asked: Mapping[K, Awaitable[V]]) -> dict[K, V]:
    """All answers. Raises the first Unreachable; nothing goes on after it."""

    async def wait(answer: Awaitable[V]) -> V:
        return await answer

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {key: group.create_task(wait(answer)) for key, answer in asked.items()}
    except* Unreachable as several:
        raise next(flat(several)) from None
    return {key: task.result() for key, task in tasks.items()}
