"""Namespaces and owners, as the injector asks for them: from memory, or else from the API server."""

import logging
from collections import OrderedDict
from contextlib import aclosing
from typing import Any

from hauberk.client.api import Client
from hauberk.client.errors import ApiError, NotFound
from hauberk.client.kinds import JOB, REPLICA_SET, ApiKind
from hauberk.client.watching import Deleted, Listed, Put
from hauberk.injector.subject import Owner, Place, SubjectInvalid, owner_in, read
from hauberk.model.kinds import kind_named
from hauberk.webhook.server import Unanswerable

_NAMESPACE = kind_named("", "Namespace")
_MADE: dict[str, ApiKind] = {"ReplicaSet": REPLICA_SET, "Job": JOB}
_OWNERS_MAX = 10_000
"""Remembered; whose a ReplicaSet is never changes."""

log = logging.getLogger(__name__)


class Places:
    """`run` follows the namespaces of the cluster."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places: dict[str, Place] = {}
        self._owners: OrderedDict[tuple[str, str, str], Owner | None] = OrderedDict()

    async def run(self) -> None:
        """Until cancelled. While the API server is away, what is known stays."""
        async with aclosing(self._client.watch(_NAMESPACE)) as events:
            async for event in events:
                match event:
                    case Listed(items=items):
                        self._places = {place.name: place for place in map(_place, items)}
                    case Put(item=item):
                        place = _place(item)
                        self._places[place.name] = place
                    case Deleted(item=item):
                        self._places.pop(_place(item).name, None)

    async def place(self, namespace: str) -> Place | None:
        """None: there is no such namespace. Raises Unanswerable."""
        known = self._places.get(namespace)
        if known is not None:
            return known
        # One that was made a moment ago, together with the pod.
        try:
            return _place(await self._client.get(_NAMESPACE, namespace))
        except NotFound:
            return None
        except ApiError as error:
            raise Unanswerable(f"namespace {namespace} cannot be read: {error}") from error

    async def owner(self, namespace: str, owner: Owner) -> Owner | None:
        """Whose a ReplicaSet or a Job is; None where it is nobody's. Raises Unanswerable."""
        key = (namespace, owner.name, owner.uid)
        if key in self._owners:
            self._owners.move_to_end(key)
            return self._owners[key]
        kind = _MADE.get(owner.kind)
        if kind is None:
            return None
        try:
            found = await self._client.get(kind, owner.name, namespace=namespace)
            above = owner_in(read(found))
        except NotFound:
            return None
        except SubjectInvalid:
            above = None
        except ApiError as error:
            raise Unanswerable(f"{owner.kind} {namespace}/{owner.name} cannot be read: {error}") from error
        self._owners[key] = above
        if len(self._owners) > _OWNERS_MAX:
            self._owners.popitem(last=False)
        return above


def _place(document: dict[str, Any]) -> Place:
    metadata = document.get("metadata") or {}
    return Place(str(metadata.get("name", "")), metadata.get("annotations") or {})
