"""The API server as the controllers see it: connected to as their ServiceAccount."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from hauberk.app.failure import StartFailed
from hauberk.client.api import Client
from hauberk.client.errors import AlreadyExists, ApiError, Conflict, Misconfigured, NotFound
from hauberk.client.incluster import in_cluster
from hauberk.client.kinds import CONFIG_MAP, SECRET, TOKEN_REVIEW
from hauberk.identity.evidence import EvidenceUnavailable
from hauberk.identity.keeper import VaultUnavailable

_KINDS = {"Secret": SECRET, "ConfigMap": CONFIG_MAP}


@asynccontextmanager
async def connected() -> AsyncIterator[Client]:
    """Raises StartFailed where this is no pod."""
    try:
        endpoint = in_cluster()
    except Misconfigured as error:
        hint = "the chart starts it, in a pod with a ServiceAccount; on a plain machine run `hauberk up`"
        raise StartFailed(str(error), hint=hint) from error
    async with Client(endpoint) as client:
        yield client


def labels(component: str, namespace: str) -> dict[str, str]:
    """Of what the control plane makes for itself, so that `hauberk uninstall` finds it."""
    return {"linkerd.io/control-plane-component": component, "linkerd.io/control-plane-ns": namespace}


class Vault:
    """Secrets and ConfigMaps of the control plane's own namespace."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def read(self, kind: Literal["Secret", "ConfigMap"], name: str) -> dict[str, Any] | None:
        """None: there is no such object. Raises VaultUnavailable."""
        try:
            found = await self._client.get(_KINDS[kind], name, namespace=self._namespace)
        except NotFound:
            return None
        except ApiError as error:
            raise VaultUnavailable(f"{kind} {name} cannot be read: {error}") from error
        return {"apiVersion": "v1", "kind": kind, **found}

    async def write(self, document: dict[str, Any]) -> bool:
        """Create it, or replace that very version. False: somebody else was faster. Raises VaultUnavailable."""
        kind, metadata = _KINDS[document["kind"]], {**document["metadata"], "namespace": self._namespace}
        placed = {**document, "metadata": metadata}
        try:
            if metadata.get("resourceVersion"):
                await self._client.replace(kind, placed)
            else:
                await self._client.create(kind, placed)
        except (AlreadyExists, Conflict, NotFound):
            return False
        except ApiError as error:
            raise VaultUnavailable(f"{document['kind']} {metadata['name']} cannot be written: {error}") from error
        return True


class Reviewer:
    """Asks the API server about tokens."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def review(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the TokenReview with its status. Raises EvidenceUnavailable."""
        try:
            return (await self._client.create(TOKEN_REVIEW, document)).body
        except ApiError as error:
            raise EvidenceUnavailable(f"the API server does not review tokens now: {error}") from error
