"""Keeps the EndpointSlices of all Services as `slices.py` says they should be.

Level-triggered: a change marks its namespace, and a marked namespace is compared as a whole with what should be.
Nothing is remembered about single events, so none can be lost, and a burst of them costs one comparison.
"""

import asyncio
import logging
from contextlib import aclosing

from hauberk.enrollment.slices import ByLabel, difference, is_ours, slices_of
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.kinds import kind_named
from hauberk.model.pod import Pod
from hauberk.model.resource import Resource
from hauberk.model.service import Service
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import AlreadyExists, Conflict, Gone, NotFound, Ref, Store, StoreUnavailable

_log = logging.getLogger(__name__)

_RETRY_S = 1.0
_AGAIN_S = 0.02
_SERVICES_PER_TURN = 100
"""How many are looked at before other tasks get a turn; some milliseconds."""
_KINDS = (Pod, Service, EndpointSlice)
_LISTED = (kind_named("", "Pod"), kind_named("", "Service"), kind_named("discovery.k8s.io", "EndpointSlice"))


class Slicing:
    """One comparison is `reconcile`; `run` follows the store until it is cancelled."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marked: set[str] = set()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            spawn(group, self._follow(), name="endpointslices-follow")
            spawn(group, self._work(), name="endpointslices-work")

    async def reconcile(self, namespace: str) -> None:
        """Make the slices of one namespace what they should be. Raises what the store raises."""
        pods, services, present = [], [], []
        for resource in await self._resources(namespace):
            match resource:
                case Pod():
                    pods.append(resource)
                case Service():
                    services.append(resource)
                case EndpointSlice() if is_ours(resource):
                    present.append(resource)
        by_label = ByLabel(pods)
        wanted: list[EndpointSlice] = []
        for count, service in enumerate(services, 1):
            wanted += slices_of(service, by_label.candidates(service))
            if count % _SERVICES_PER_TURN == 0:
                await asyncio.sleep(0)
        todo = difference(wanted, present)
        for slice_ in todo.created:
            await self._store.create(slice_)
        for slice_ in todo.updated:
            await self._store.update(slice_, expected=slice_.metadata.resource_version)
        for slice_ in todo.deleted:
            ref = Ref("discovery.k8s.io", "EndpointSlice", slice_.metadata.namespace, slice_.metadata.name)
            await self._store.delete(ref, expected=slice_.metadata.resource_version)

    async def _follow(self) -> None:
        while True:
            try:
                since = await self._store.revision()
                await self._mark_all()
                async with aclosing(self._store.watch(None, since=since)) as events:
                    async for event in events:
                        if isinstance(event.resource, _KINDS):
                            self._mark(event.resource.metadata.namespace)
            except Gone:
                continue
            except StoreUnavailable as e:
                _log.warning("endpoints stay as they are while the store is unavailable: %s", e)
                await asyncio.sleep(_RETRY_S)

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._marked:
                await self._reconcile_marked(self._marked.pop())

    async def _reconcile_marked(self, namespace: str) -> None:
        try:
            await self.reconcile(namespace)
        except (AlreadyExists, Conflict, NotFound):
            self._mark(namespace)  # something changed in between: compare again
            await asyncio.sleep(_AGAIN_S)
        except StoreUnavailable as e:
            _log.warning("endpoints of namespace %s cannot be written, trying again: %s", namespace, e)
            self._mark(namespace)
            await asyncio.sleep(_RETRY_S)

    async def _resources(self, namespace: str | None) -> list[Resource]:
        return [resource for kind in _LISTED for resource in (await self._store.list(kind, namespace)).items]

    async def _mark_all(self) -> None:
        for resource in await self._resources(None):
            self._mark(resource.metadata.namespace)

    def _mark(self, namespace: str) -> None:
        self._marked.add(namespace)
        self._wake.set()
