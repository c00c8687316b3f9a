"""The evidence on Kubernetes: a ServiceAccount token, judged by the API server (TokenReview, authentication.k8s.io/v1).

The API server itself sees to it that the Pod which a token is bound to still exists.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from hauberk.catalog.refusal import Refusal
from hauberk.identity.cause import Cause
from hauberk.identity.evidence import AUDIENCE, Bound, Claims, EvidenceUnavailable, size_refusal
from hauberk.runtime.clock import Clock, SystemClock

_PREFIX = "system:serviceaccount:"
_POD_NAME = "authentication.kubernetes.io/pod-name"
_POD_UID = "authentication.kubernetes.io/pod-uid"


class Reviewer(Protocol):
    """Whoever asks the API server."""

    async def review(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the TokenReview with its status. Raises EvidenceUnavailable."""
        ...


Outcome = Literal["proven", "refused", "unavailable"]
"""What came of asking the API server about a token."""


class Reviewed:
    """Judges tokens by asking for each."""

    def __init__(
        self,
        reviewer: Reviewer,
        told: Callable[[Outcome, float], None] = lambda _outcome, _seconds: None,
        *,
        clock: Clock | None = None,
    ) -> None:
        """`told` hears what came of each question, and how long the answer took, in seconds."""
        self._reviewer = reviewer
        self._told = told
        self._clock = clock or SystemClock()

    async def prove(self, token: bytes) -> Claims | Refusal:
        if (refusal := size_refusal(token)) is not None:
            return refusal
        try:
            text = token.strip().decode("ascii")
        except UnicodeDecodeError:
            return Refusal("invalid-argument", "the token is no text", Cause.TOKEN)
        began = self._clock.monotonic()
        try:
            claims = claims_in(await self._reviewer.review(review_of(text)))
        except EvidenceUnavailable:
            self._told("unavailable", self._clock.monotonic() - began)
            raise
        self._told("refused" if isinstance(claims, Refusal) else "proven", self._clock.monotonic() - began)
        return claims


def review_of(token: str) -> dict[str, Any]:
    """The question. It holds the token, a secret."""
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [AUDIENCE]},
    }


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    uid: str = ""
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
        return Refusal("failed-precondition", "the API server's answer about the token is not understood", Cause.TOKEN)
    if not status.authenticated:
        why = f" ({status.error})" if status.error else ""
        return Refusal("failed-precondition", f"the API server does not know the token{why}", _cause_in(status.error))
    if AUDIENCE not in status.audiences:
        # Whoever does not know audiences leaves them out; a token for somebody else proves nothing here.
        why = f"the token is not for {AUDIENCE}: mount one with that audience"
        return Refusal("failed-precondition", why, Cause.AUDIENCE)
    namespace, _, account = status.user.username.removeprefix(_PREFIX).partition(":")
    if not status.user.username.startswith(_PREFIX) or not namespace or not account or ":" in account:
        return Refusal("failed-precondition", f"{status.user.username!r} is no ServiceAccount", Cause.ACCOUNT)
    name, uid = (next(iter(status.user.extra.get(key, ())), "") for key in (_POD_NAME, _POD_UID))
    return Claims(namespace, account, Bound(name, uid) if name else None, status.user.uid)


def _cause_in(error: str) -> Cause:
    """Of words that are meant for people and may change: then a counter is less exact, and nothing else."""
    if "expired" in error:
        return Cause.EXPIRED
    return Cause.AUDIENCE if "audience" in error else Cause.TOKEN
