"""Can workloads be vouched for, and for how long still? Pure."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509

from hauberk.check.certificate import SOON, day, validity
from hauberk.check.kubernetes.seen import Document, Seen, unread
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.identity.keeping import AuthorityUnusable, certificates_in
from hauberk.identity.kept import BUNDLE, CERTIFICATE_KEYS, ISSUER, bundle_in
from hauberk.runtime.signed import is_signed_by

_RENEWAL = "the identity controller renews its own in time: see its log; one that is yours you have to replace"
_NEW_ROOT = (
    f"put a new root beside the old one in the ConfigMap {BUNDLE}, restart what has a proxy, and have it sign the "
    f"issuer"
)


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom proxies trust, and who signs."""

    namespace: str
    bundle: Seen
    """The ConfigMap `linkerd-identity-trust-roots`."""
    issuer: Seen
    """The Secret `linkerd-identity-issuer`; its key is not looked at."""


def trust(facts: Trust, now: datetime) -> Category:
    name = "linkerd-identity"
    description = "there are trust roots"
    if (check := unread(description, facts.bundle)) is not None:
        return Category(name, (check,))
    starting = (
        f"the identity controller makes it at its first start: "
        f"kubectl -n {facts.namespace} logs deployment/linkerd-identity -c identity"
    )
    if facts.bundle.first is None:
        missing = Check(description, "error", f"there is no ConfigMap {BUNDLE}", starting, settles=True)
        return Category(name, (missing,))
    try:
        roots = certificates_in(bundle_in(dict(facts.bundle.first)).encode(), f"the ConfigMap {BUNDLE}")
    except AuthorityUnusable as error:
        return Category(name, (Check(description, "error", str(error), starting, settles=True),))
    return Category(name, (Check(description), *_roots(roots, now), *_issuer(facts, roots, starting, now)))


def _roots(roots: Sequence[x509.Certificate], now: datetime) -> tuple[Check, ...]:
    good = [root for root in roots if is_valid(root, now)]
    invalid = listed([f"{subject(root)}: {validity_of(root)}" for root in roots if root not in good])
    soon = listed([f"{subject(root)} ends {day(root.not_valid_after_utc)}" for root in good if ends_soon(root, now)])
    take_out = f"take it out of the ConfigMap {BUNDLE} and restart what has a proxy: none needs it any more"
    return (
        # A root that is over harms nobody beside one that is not.
        verdict("trust roots are valid", invalid, take_out, outcome="warning")
        if good
        else verdict("trust roots are valid", invalid, _NEW_ROOT),
        verdict("trust roots are valid for at least 60 days", soon, _NEW_ROOT, outcome="warning"),
    )


def _issuer(facts: Trust, roots: Sequence[x509.Certificate], starting: str, now: datetime) -> tuple[Check, ...]:
    description = "the issuer's certificate is valid"
    if (check := unread(description, facts.issuer)) is not None:
        return (check,)
    if facts.issuer.first is None:
        return (Check(description, "error", f"there is no Secret {ISSUER}", starting, settles=True),)
    try:
        chain = certificates_in(certificate_in(facts.issuer.first), f"the Secret {ISSUER}")
    except AuthorityUnusable as error:
        return (Check(description, "error", str(error), starting),)
    invalid = [f"{subject(found)}: {validity_of(found)}" for found in chain if not is_valid(found, now)]
    soon = [
        f"{subject(found)} ends {day(found.not_valid_after_utc)}"
        for found in chain
        if is_valid(found, now) and ends_soon(found, now)
    ]
    return (
        verdict(description, listed(invalid), _RENEWAL),
        verdict("the issuer's certificate is valid for at least 60 days", listed(soon), _RENEWAL, outcome="warning"),
        verdict(
            "the issuer's certificate is signed by a trust root",
            None if _leads(chain, roots, now) else f"{subject(chain[0])} leads to none of {names(roots)}",
            f"proxies refuse what it signs: have a root of the ConfigMap {BUNDLE} sign it, or put its own root there",
        ),
    )


def certificate_in(secret: Document) -> bytes:
    """Of an issuer, or of a server: the first of the names that there is. Empty where there is none."""
    data = secret.get("data") or {}
    text = next((str(data[key]) for key in CERTIFICATE_KEYS if data.get(key)), "")
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc


def ends_soon(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - now < SOON


def validity_of(certificate: x509.Certificate) -> str:
    return validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "(no name)"


def names(certificates: Sequence[x509.Certificate]) -> str:
    return listed([subject(found) for found in certificates])


def _leads(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime) -> bool:
    """Whether each signed the one before, and a root that is valid the last."""
    if not all(is_signed_by(below, above) for below, above in pairwise(chain)):
        return False
    return any(chain[-1] == root or is_signed_by(chain[-1], root) for root in roots if is_valid(root, now))
