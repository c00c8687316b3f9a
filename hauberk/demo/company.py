"""The demo's objects in a cluster: who comes, who leaves, and what they say. Every method raises ApiError."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing, suppress
from typing import Any

from hauberk.client import kinds
from hauberk.client.api import Client
from hauberk.client.errors import ApiError, NotFound
from hauberk.client.kinds import ApiKind
from hauberk.demo import objects, troubles
from hauberk.demo.failure import PlayError
from hauberk.demo.roster import Roster
from hauberk.demo.staging import Staging
from hauberk.install.objects import NAMESPACE, name_of
from hauberk.model.kinds import POLICY, kind_named

MANAGER = "hauberk-demo"
GONE_TIMEOUT_S = 120.0
SILENCE_S = 60.0
"""The demo's clients say something several times a second."""
_AGAIN_S = 0.5
_OTHERS: dict[tuple[str, str], ApiKind] = {
    (kind.group, kind.kind): kind for kind in (kinds.CONFIG_MAP, kinds.DEPLOYMENT)
}


class Company:
    def __init__(self, client: Client, staging: Staging, roster: Roster) -> None:
        self._client = client
        self._namespace = staging.home.namespace
        self._roster = roster
        self._ours = False

    async def take_the_house(self) -> None:
        """Sees to it that the namespace is the demo's or free. Raises PlayError."""
        name = self._namespace
        try:
            found = (await self._client.get(NAMESPACE, name))["metadata"]
        except NotFound:
            found = {"labels": objects.LABELS}
        if found.get("deletionTimestamp"):
            raise PlayError(f"the namespace {name} is being deleted", hint="try again in a moment")
        if not objects.LABELS.items() <= (found.get("labels") or {}).items():
            raise PlayError(f"the namespace {name} is not the demo's", hint="name another one with -n")
        self._ours = True

    async def apply(self, documents: Iterable[dict[str, Any]]) -> None:
        """Raises PlayError for a kind of the mesh that the cluster does not know."""
        for document in documents:
            try:
                await self._client.apply_server_side(_kind(document), document, field_manager=MANAGER)
            except NotFound:
                if name_of(document).group != POLICY:
                    raise
                hint = "first: hauberk install --crds | kubectl apply --server-side -f -"
                raise PlayError(f"the cluster does not know {document['kind']} of {POLICY}", hint=hint) from None

    async def remove(self, documents: Iterable[dict[str, Any]]) -> None:
        """And what belongs to them. What is not there need not be removed."""
        for document in documents:
            name = name_of(document)
            with suppress(NotFound):
                await self._client.delete(
                    _kind(document), name.name, namespace=name.namespace, propagation="Background"
                )

    async def leave(self) -> str:
        """Deletes the namespace, with all that is in it. Returns why it is not known to be gone; empty if it is."""
        if not self._ours:
            return ""
        try:
            async with asyncio.timeout(GONE_TIMEOUT_S):
                await self._client.delete(NAMESPACE, self._namespace)
                while True:
                    await self._client.get(NAMESPACE, self._namespace)
                    await asyncio.sleep(_AGAIN_S)
        except NotFound:
            return ""
        except TimeoutError:
            return f"it is being deleted for {GONE_TIMEOUT_S:g} s"
        except ApiError as error:
            return str(error)

    async def told(self) -> str:
        """Why somebody may not be ready; what cannot be learned is left out."""
        try:
            events = (await self._client.list(kinds.EVENT, namespace=self._namespace)).items
        except ApiError:
            events = ()
        return troubles.told(self._roster.pods, events)

    async def listen(self, replica: str, container: str, take: Callable[[str], None]) -> None:
        """Hands on each line that a program prints from now on, until cancelled."""
        pod = kind_named("", "Pod")
        query = {"container": container, "tailLines": "0"}
        while True:
            with suppress(ApiError):  # it begins to speak later, or the connection was cut
                lines = self._client.follow(
                    pod, self._roster.pod_of(replica), query, namespace=self._namespace, silence_s=SILENCE_S
                )
                async with aclosing(lines) as batches:
                    async for batch in batches:
                        for line in batch:
                            take(line.decode("utf-8", "replace"))
            await asyncio.sleep(_AGAIN_S)


def _kind(document: dict[str, Any]) -> ApiKind:
    name = name_of(document)
    return _OTHERS.get((name.group, name.kind)) or kind_named(name.group, name.kind)
