"""Events (events.k8s.io/v1) at workloads: a few of the same in a while, and never in anybody's way."""

import asyncio
import logging
import uuid
from collections import OrderedDict
from typing import Any

from hauberk.app.controllers.lease import datetime_text
from hauberk.client.api import Client
from hauberk.client.errors import ApiError
from hauberk.client.kinds import EVENT
from hauberk.injector.cluster import Event
from hauberk.runtime.clock import Clock

WAITING_MAX = 1000
"""Events that wait for the API server; more are dropped."""
REPEAT_S = 300.0
"""The same is not said again for so long: a Deployment of a hundred pods needs one event."""
_REMEMBERED_MAX = 10_000

log = logging.getLogger(__name__)

Key = tuple[str, str, str, str]


class Events:
    """`run` sends what was recorded."""

    def __init__(self, client: Client, *, reporter: str, instance: str, clock: Clock) -> None:
        """`reporter` is the component, `instance` this replica of it."""
        self._client = client
        self._reporter = reporter
        self._instance = instance
        self._clock = clock
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(WAITING_MAX)
        self._said: OrderedDict[Key, float] = OrderedDict()

    def record(self, event: Event) -> None:
        """Return at once."""
        key, now = (event.namespace, event.owner.uid, event.reason, event.message), self._clock.monotonic()
        last = self._said.get(key)
        if last is not None and now - last < REPEAT_S:
            return
        self._said[key] = now
        self._said.move_to_end(key)
        if len(self._said) > _REMEMBERED_MAX:
            self._said.popitem(last=False)
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            log.warning("too many events: one at %s %s is dropped", event.owner.kind, event.owner.name)

    async def run(self) -> None:
        """Until cancelled. An event that cannot be sent is dropped: it is worth no second attempt."""
        while True:
            event = await self._waiting.get()
            try:
                await self._client.create(EVENT, self._document(event))
            except ApiError as error:
                log.warning("an event at %s %s cannot be made: %s", event.owner.kind, event.owner.name, error)

    def _document(self, event: Event) -> dict[str, Any]:
        owner = event.owner
        return {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": f"{owner.name[:200]}.{uuid.uuid4().hex[:16]}", "namespace": event.namespace},
            "eventTime": datetime_text(self._clock.now()),
            "reportingController": self._reporter,
            "reportingInstance": self._instance,
            "action": "Inject",
            "reason": event.reason,
            "note": event.message,
            "type": "Warning" if event.warning else "Normal",
            "regarding": {
                "apiVersion": owner.api_version,
                "kind": owner.kind,
                "name": owner.name,
                "namespace": event.namespace,
                "uid": owner.uid,
            },
        }
