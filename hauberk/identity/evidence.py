"""What proves who somebody is, whatever the platform: a token in, what it proves out."""

from dataclasses import dataclass
from typing import Protocol

from hauberk.catalog.refusal import Refusal
from hauberk.identity.cause import Cause

AUDIENCE = "identity.l5d.io"
"""For whom tokens are made (Linkerd's name)."""
MAX_BYTES = 8192
"""Of a token. Kubernetes' have about 1,200."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The Pod that a token is bound to."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token proves. `pod` is None where it is bound to none."""

    namespace: str
    service_account: str
    pod: Bound | None
    account_uid: str = ""
    """Of the ServiceAccount; empty where nobody said it."""


class EvidenceUnavailable(Exception):
    """Whoever could say whether a token is good cannot be asked now."""


class Evidence(Protocol):
    """Judges tokens."""

    async def prove(self, token: bytes) -> Claims | Refusal:
        """Return what the token proves now. Raises EvidenceUnavailable."""
        ...


def size_refusal(token: bytes) -> Refusal | None:
    """None if it may be a token at all."""
    if token and len(token) <= MAX_BYTES:
        return None
    return Refusal("invalid-argument", f"a token has 1 to {MAX_BYTES} bytes, and this one {len(token)}", Cause.TOKEN)
