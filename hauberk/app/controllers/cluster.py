"""The API server as the controllers see it: connected to as their ServiceAccount."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from hauberk.app.failure import StartFailed
from hauberk.client.api import Client
from hauberk.client.errors import ApiError, Misconfigured
from hauberk.client.incluster import in_cluster
from hauberk.client.kinds import TOKEN_REVIEW
from hauberk.identity.evidence import EvidenceUnavailable


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
