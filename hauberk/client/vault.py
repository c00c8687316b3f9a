"""Objects that several replicas keep together: each reads, decides and writes, and whoever writes first wins."""

from typing import Any, Protocol

from hauberk.client.api import Client
from hauberk.client.errors import AlreadyExists, ApiError, Conflict, NotFound
from hauberk.client.kinds import (
    CONFIG_MAP,
    LEASE,
    MUTATING_WEBHOOK_CONFIGURATION,
    SECRET,
    VALIDATING_WEBHOOK_CONFIGURATION,
)

Document = dict[str, Any]
"""Of Kubernetes' JSON."""

_KINDS = {
    kind.kind: kind
    for kind in (CONFIG_MAP, LEASE, MUTATING_WEBHOOK_CONFIGURATION, SECRET, VALIDATING_WEBHOOK_CONFIGURATION)
}


class VaultUnavailable(Exception):
    """The cluster cannot be asked now."""


class Vault(Protocol):
    """What keepers need of a cluster."""

    async def read(self, kind: str, name: str) -> Document | None:
        """None: there is no such object. Raises VaultUnavailable."""
        ...

    async def write(self, document: Document) -> bool:
        """Create it, or replace that very version. False: somebody else was faster. Raises VaultUnavailable."""
        ...


class ClusterVault:
    """Kinds that are in a namespace are in this one."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def read(self, kind: str, name: str) -> Document | None:
        """None: there is no such object. Raises VaultUnavailable."""
        of = _KINDS[kind]
        try:
            found = await self._client.get(of, name, namespace=self._namespace if of.namespaced else None)
        except NotFound:
            return None
        except ApiError as error:
            raise VaultUnavailable(f"{kind} {name} cannot be read: {error}") from error
        return {**found, "apiVersion": of.api_version, "kind": kind}

    async def write(self, document: Document) -> bool:
        """Create it, or replace that very version. False: somebody else was faster. Raises VaultUnavailable."""
        of = _KINDS[document["kind"]]
        metadata = {**document["metadata"], **({"namespace": self._namespace} if of.namespaced else {})}
        placed = {**document, "metadata": metadata}
        try:
            if metadata.get("resourceVersion"):
                await self._client.replace(of, placed)
            else:
                await self._client.create(of, placed)
        except (AlreadyExists, Conflict, NotFound):
            return False
        except ApiError as error:
            raise VaultUnavailable(f"{of.kind} {metadata['name']} cannot be written: {error}") from error
        return True
