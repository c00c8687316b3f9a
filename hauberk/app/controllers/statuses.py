"""Says at the resources themselves what became of them: the one replica that holds the lease writes their status."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from hauberk.app.controllers.lease import Document, LeaseUnavailable
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.snapshot import Snapshot
from hauberk.client.kinds import LEASE
from hauberk.client.vault import Vault, VaultUnavailable
from hauberk.model.resource import Resource
from hauberk.runtime.clock import Clock
from hauberk.runtime.latest import Latest
from hauberk.status.report import Report, Reported, with_status
from hauberk.status.written import written
from hauberk.store.kubernetes import KubernetesStore
from hauberk.store.protocol import NotFound, Ref, StoreError, ref_of

LEASE_NAME = "policy-controller-write"
"""Linkerd's."""
_GATHER_S = 0.1
"""What changes together is reported together."""
_AGAIN_S = 2.0
"""After a write that failed."""

log = logging.getLogger(__name__)


class Statuses:
    """`run` writes while the lease is held."""

    def __init__(self, store: KubernetesStore, mesh: Mesh, latest: Latest[Snapshot], *, clock: Clock) -> None:
        self._store = store
        self._mesh = mesh
        self._latest = latest
        self._clock = clock
        self.counts = {"written": 0, "failed": 0}
        """Of this replica."""

    async def run(self) -> None:
        """Until cancelled. Level-triggered: what could not be written is tried again."""
        report = Report(self._mesh)
        failed: dict[Ref, str] = {}
        while True:
            version = self._latest.version
            before, failed = failed, {}
            for resource in report.differing(self._latest.value, self._clock.now()):
                ref = ref_of(resource)
                why = await self._write(ref)
                self.counts["written" if why is None else "failed"] += 1
                if why is None:
                    continue
                failed[ref] = why
                if before.get(ref) != why:
                    log.warning("the status of %s cannot be written, and is tried again: %s", ref, why)
            if failed:
                await asyncio.sleep(_AGAIN_S)
            else:
                await self._latest.changed(version)
                await asyncio.sleep(_GATHER_S)

    async def _write(self, ref: Ref) -> str | None:
        """Why it cannot be written; None where it is, or need not be."""
        try:
            await self._store.change_status(ref, self._status)
        except NotFound:
            return None
        except StoreError as error:
            return str(error)
        return None

    def _status(self, stored: Resource, status: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Of what is stored at this moment: somebody else may have said something since the snapshot."""
        if not isinstance(stored, Reported):
            return None
        wanted = with_status(self._mesh, self._latest.value, stored, self._clock.now())
        return None if wanted is stored else written(wanted, status)


class ClusterLease:
    """The lease of those who write statuses, as an object of the cluster."""

    def __init__(self, vault: Vault, labels: dict[str, str], name: str = LEASE_NAME) -> None:
        self._vault = vault
        self._labels = labels
        self._name = name

    async def read(self) -> Document | None:
        """None: there is none. Raises LeaseUnavailable."""
        try:
            found = await self._vault.read(LEASE.kind, self._name)
        except VaultUnavailable as error:
            raise LeaseUnavailable(str(error)) from error
        return None if found is None else {**found, "spec": found.get("spec") or {}}

    async def write(self, spec: Document, before: Document | None) -> bool:
        """Create it, or replace that very version. False: somebody else was faster. Raises LeaseUnavailable."""
        metadata = {"name": self._name, "labels": self._labels}
        new = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata}
        try:
            return await self._vault.write({**(before or new), "spec": spec})
        except VaultUnavailable as error:
            raise LeaseUnavailable(str(error)) from error
