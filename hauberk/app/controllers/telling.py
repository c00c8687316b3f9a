"""What the identity controller says of itself: numbers for all of it, and events for what people look for.

Events have Linkerd's reasons where Linkerd has them. `IssuedLeafCertificate` is at the ServiceAccount, once an hour for
each however many pods it has; what is refused is at the ServiceAccount that a token proved (`CertificateRefused`), and
where it proved none at the Deployment (`TokenRefused`): nobody makes events where it has no business. All of root and
issuer is at the Deployment.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from hauberk.app.controllers.events import Events, Note, Regarding
from hauberk.catalog.refusal import Refusal
from hauberk.identity import metrics
from hauberk.identity.cause import cause_of
from hauberk.identity.evidence import Claims
from hauberk.identity.kept import BUNDLE, ROOT
from hauberk.identity.metrics import Metrics
from hauberk.identity.protocol import Signed
from hauberk.identity.terms import Terms

HOUR_S = 3600.0


class Telling:
    """Is told by the service and by the keeper of the issuer; `expiring` looks at what is in force."""

    def __init__(self, counts: Metrics, events: Events, deployment: Regarding) -> None:
        self._counts = counts
        self._events = events
        self._deployment = deployment

    def issued(self, claims: Claims, identity: str, signed: Signed) -> None:
        self._counts.count(metrics.ISSUED)
        print_ = hashlib.sha256(signed.leaf).hexdigest()
        text = f"certificate for {identity} until {_at(signed.valid_until)}: {print_}"
        self._at_account(claims, "IssuedLeafCertificate", text, warning=False, every_s=HOUR_S)

    def refused(self, refusal: Refusal, claims: Claims | None) -> None:
        cause = cause_of(refusal.cause)
        self._counts.count(metrics.REFUSED, cause)
        if claims is not None:
            self._at_account(claims, "CertificateRefused", refusal.message, warning=True)
        else:
            self._own("TokenRefused", f"no certificate ({cause}): {refusal.message}", topic=cause)

    def unavailable(self, why: str) -> None:
        self._counts.count(metrics.UNAVAILABLE)
        self._own("IssuerValidationFailed", f"no certificate can be given now: {why}", topic="")

    def made(self, name: str, until: datetime) -> None:
        what = "root" if name == ROOT else "issuer"
        self._counts.count(metrics.RENEWALS, what)
        reason = "RootCreated" if what == "root" else "IssuerRenewed"
        self._own(reason, f"a new {what} in the Secret {name}, until {_at(until)}", warning=False)

    def issuer_replaced(self) -> None:
        self._counts.count(metrics.ISSUER_UPDATES)
        self._own("IssuerUpdated", "another issuer is in force", warning=False)

    def roots_replaced(self) -> None:
        self._counts.count(metrics.ROOTS_UPDATES)
        self._own("TrustRootsUpdated", f"the ConfigMap {BUNDLE} has other roots, which proxies trust", warning=False)

    def skipped(self, problem: str) -> None:
        self._counts.count(metrics.SKIPPED)
        self._own("IssuerUpdateSkipped", f"root and issuer stay as they are: {problem}")

    def expiring(self, terms: Terms, now: datetime) -> None:
        """Warn of what is near its end. To be called again and again; people are told once an hour."""
        if terms.issuer_late(now):
            hint = "renew the Secret linkerd-identity-issuer, or whatever makes it"
            text = f"the issuer ends at {_at(terms.issuer_until)} and nobody has renewed it: {hint}"
            self._own("IssuerExpiring", text, topic="", every_s=HOUR_S)
        if terms.roots_late(now):
            text = (
                f"the last of the roots ends at {_at(max(terms.roots_until))}: add a new one to the ConfigMap {BUNDLE}"
            )
            self._own("RootExpiring", text, topic="", every_s=HOUR_S)

    def _at_account(self, claims: Claims, reason: str, text: str, *, warning: bool, every_s: float = HOUR_S) -> None:
        at = Regarding(
            api_version="v1",
            kind="ServiceAccount",
            namespace=claims.namespace,
            name=claims.service_account,
            uid=claims.account_uid,
        )
        note = Note(
            regarding=at, reason=reason, text=text, warning=warning, action="Certify", topic="", every_s=every_s
        )
        self._events.say(note)

    def _own(
        self, reason: str, text: str, *, warning: bool = True, topic: str | None = None, every_s: float | None = None
    ) -> None:
        note = Note(
            regarding=self._deployment, reason=reason, text=text, warning=warning, action="Certify", topic=topic
        )
        self._events.say(note if every_s is None else replace(note, every_s=every_s))


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
