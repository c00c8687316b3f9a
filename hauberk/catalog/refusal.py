"""An answer that is a refusal: expected outcomes are values, not exceptions."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal[
    "invalid-argument",
    "failed-precondition",
    "not-found",
    "unauthenticated",
    "permission-denied",
    "resource-exhausted",
]
"""As gRPC's codes. (!) A proxy of another make refuses the connection on `invalid-argument` and `failed-precondition`
of a policy, passes traffic through on `not-found`, and asks again, while the connection waits, on all others."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not answered; `message` says who was wrong and what to do."""

    reason: Reason
    message: str
    cause: str = ""
    """A word for whoever counts refusals, one of a few; empty where nobody does."""
