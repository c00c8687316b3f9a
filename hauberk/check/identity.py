"""Can the authority vouch for workloads, and for how long still? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hauberk.check.certificate import SOON, Certificate, day, validity
from hauberk.check.report import Category, Check, listed, verdict


@dataclass(frozen=True, slots=True)
class AuthorityFacts:
    error: str | None = None
    """Why the authority could not be asked."""
    roots: Sequence[Certificate] = ()
    issuer_until: datetime | None = None


def identity(facts: AuthorityFacts, now: datetime) -> Category:
    """Only the first check where the authority does not answer."""
    answers = verdict(
        "the authority answers",
        facts.error,
        "no certificate is renewed without it: restart the control plane; its log says why the authority ended",
    )
    if answers.outcome == "error":
        return Category("hauberk-identity", (answers,))
    return Category("hauberk-identity", (answers, *_roots(facts.roots, now), *_issuer(facts.issuer_until, now)))


def _roots(roots: Sequence[Certificate], now: datetime) -> tuple[Check, ...]:
    invalid = [
        f"{root.subject}: {validity(root.not_before, root.not_after)}" for root in roots if not root.valid_at(now)
    ]
    soon = [
        f"{root.subject} ends {day(root.not_after)}"
        for root in roots
        if root.valid_at(now) and root.not_after - now < SOON
    ]
    error = listed(invalid) if roots else "there are none"
    return (
        verdict(
            "trust roots are valid", error, "give the control plane valid roots and restart the programs in the mesh"
        ),
        verdict(
            "trust roots are valid for at least 60 days",
            listed(soon),
            "prepare a new root, and restart the programs in the mesh once both are trusted",
            outcome="warning",
        ),
    )


def _issuer(until: datetime | None, now: datetime) -> tuple[Check, ...]:
    expired = until is None or until <= now
    ended = "unknown" if until is None else day(until)
    return (
        verdict(
            "the issuer's certificate is valid",
            f"it ended: {ended}" if expired else None,
            "restart the control plane, which renews it, or give it another one (--identity-issuer-certificate-file)",
        ),
        verdict(
            "the issuer's certificate is valid for at least 60 days",
            f"it ends {ended}" if until is not None and not expired and until - now < SOON else None,
            "it is renewed by itself unless it was given by file: then give another one",
            outcome="warning",
        ),
    )
