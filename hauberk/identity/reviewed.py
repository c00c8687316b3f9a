"""The evidence on Kubernetes: a ServiceAccount token, judged by the API server (TokenReview, authentication.k8s.io/v1).

The API server itself sees to it that the Pod which a token is bound to still exists.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from hauberk.catalog.refusal import Refusal
from hauberk.identity.evidence import AUDIENCE, Bound, Claims, size_refusal

_PREFIX = "system:serviceaccount:"
_POD_NAME = "authentication.kubernetes.io/pod-name"
_POD_UID = "authentication.kubernetes.io/pod-uid"


class Reviewer(Protocol):
    """Whoever asks the API server."""

    async def review(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the TokenReview with its status. Raises EvidenceUnavailable."""
        ...


class Reviewed:
    """Judges tokens by asking for each."""

    def __init__(self, reviewer: Reviewer) -> None:
        self._reviewer = reviewer

    async def prove(self, token: bytes) -> Claims | Refusal:
        if (refusal := size_refusal(token)) is not None:
            return refusal
        try:
            text = token.strip().decode("ascii")
        except UnicodeDecodeError:
            return Refusal("invalid-argument", "the token is no text")
        return claims_in(await self._reviewer.review(review_of(text)))


def review_of(token: str) -> dict[str, Any]:
    """The question. It holds the token, a secret."""
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [AUDIENCE]},
    }


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    extra: dict[str, tuple[str, ...]] = {}


class _Status(msgspec.Struct, frozen=True):
    authenticated: bool = False
    user: _User = _User()
    audiences: tuple[str, ...] = ()
    error: str = ""


def claims_in(review: Mapping[str, Any]) -> Claims | Refusal:
    """What the answer proves. Pure."""
    try:
        status = msgspec.convert(review.get("status") or {}, _Status)
    except msgspec.ValidationError:
        return Refusal("failed-precondition", "the API server's answer about the token is not understood")
    if not status.authenticated:
        why = f" ({status.error})" if status.error else ""
        return Refusal("failed-precondition", f"the API server does not know the token{why}")
    if AUDIENCE not in status.audiences:
        # Whoever does not know audiences leaves them out; a token for somebody else proves nothing here.
        return Refusal("failed-precondition", f"the token is not for {AUDIENCE}: mount one with that audience")
    namespace, _, account = status.user.username.removeprefix(_PREFIX).partition(":")
    if not status.user.username.startswith(_PREFIX) or not namespace or not account or ":" in account:
        return Refusal("failed-precondition", f"{status.user.username!r} is no ServiceAccount")
    name, uid = (next(iter(status.user.extra.get(key, ())), "") for key in (_POD_NAME, _POD_UID))
    return Claims(namespace, account, Bound(name, uid) if name else None)
