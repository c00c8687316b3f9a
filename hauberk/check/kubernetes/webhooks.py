"""Will the API server believe the webhooks? Pure."""

from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from hauberk.check.certificate import day
from hauberk.check.kubernetes.seen import Document, Seen, unread
from hauberk.check.kubernetes.trust import certificate_in, ends_soon, is_valid, validity_of
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.identity.keeping import AuthorityUnusable, certificates_in
from hauberk.runtime.signed import is_signed_by


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One Deployment that the API server asks."""

    deployment: str
    configuration: Seen
    """Of all webhooks that it serves."""
    secret: Seen
    """The certificate under which it does; its key is not looked at."""


def webhooks(several: Sequence[Webhook], namespace: str, now: datetime) -> Category:
    checks = [check for webhook in several for check in _webhook(webhook, namespace, now)]
    return Category("linkerd-webhooks-and-apisvc-tls", checks)


def _webhook(facts: Webhook, namespace: str, now: datetime) -> Iterable[Check]:
    believed = f"the API server can believe the webhook of {facts.deployment}"
    lasting = f"the certificate of {facts.deployment} is valid for at least 60 days"
    log = f"it makes and renews its certificate itself: kubectl -n {namespace} logs deployment/{facts.deployment}"
    for seen in (facts.configuration, facts.secret):
        if (check := unread(believed, seen)) is not None:
            yield check
            return
    served = _certificates(certificate_in(facts.secret.first or {}))
    wrong = _disbelieved(facts.configuration.documents, served, now)
    yield verdict(believed, wrong, log, settles=True)
    if not wrong:
        # They are renewed once 70 % of a year are over, so nothing should come as near to its end.
        soon = [found for found in served if ends_soon(found, now)]
        yield verdict(lasting, f"it ends {day(soon[0].not_valid_after_utc)}" if soon else None, log, outcome="warning")


def _disbelieved(configurations: Sequence[Document], served: Sequence[x509.Certificate], now: datetime) -> str | None:
    """Why not; None: it can."""
    if not configurations:
        return "its webhook configuration is missing"
    if not served:
        return "it has no certificate yet"
    if not is_valid(served[0], now):
        return f"its certificate is {validity_of(served[0])}"
    wrong = [
        f"{webhook['name']}: {told}"
        for configuration in configurations
        for webhook in configuration.get("webhooks") or ()
        if (told := _bundle_error(webhook, served[0], now))
    ]
    return listed(wrong) or None


def _bundle_error(webhook: Document, served: x509.Certificate, now: datetime) -> str:
    """Empty where its caBundle has an authority that signs what is served."""
    try:
        bundle = b64decode(str((webhook.get("clientConfig") or {}).get("caBundle") or ""), validate=True)
    except ValueError:
        bundle = b""
    authorities = _certificates(bundle)
    if not authorities:
        return "it has no caBundle yet"
    signers = [authority for authority in authorities if authority == served or is_signed_by(served, authority)]
    if not signers:
        return "its caBundle has not signed the certificate that is served"
    return "" if any(is_valid(signer, now) for signer in signers) else f"its caBundle is {validity_of(signers[0])}"


def _certificates(pem: bytes) -> list[x509.Certificate]:
    """None where it is empty or damaged."""
    try:
        return certificates_in(pem, "")
    except AuthorityUnusable:
        return []
