"""Do the clocks of a cluster agree? Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hauberk.check.kubernetes.seen import Document, Seen, unread
from hauberk.check.report import Check, listed, verdict

SKEW = timedelta(seconds=20)
"""By which a certificate is valid before it is made, as Linkerd has it."""
_LEASE = timedelta(seconds=40)
"""After which a node that does not renew its own is given up (kubelet's default). Then its clock is no matter."""
_HOUR = timedelta(hours=1)
"""A lease this old is of a node that is gone, not of a slow clock."""


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Moments that were looked at together."""

    here: datetime
    server: datetime | None
    """The API server's; None: it did not say."""
    leases: Seen
    """Of nodes, which each renews every 10 s by its own clock (namespace kube-node-lease)."""


def clocks(facts: Clocks) -> Check:
    """A warning: certificates are not valid yet, or no more, where clocks differ."""
    description = f"clocks agree within {SKEW.total_seconds():.0f} s"
    if (check := unread(description, facts.leases)) is not None:
        return check
    now = facts.server or facts.here
    wrong = [told for lease in facts.leases.documents if (told := _node(lease, now))]
    if facts.server is not None and abs(facts.here - facts.server) > SKEW:
        wrong.insert(0, f"this machine is {_difference(facts.here - facts.server)} the API server")
    hint = "certificates are refused where clocks differ: have every node follow a time server (timedatectl status)"
    return verdict(description, listed(wrong), hint, outcome="warning")


def moment(text: object) -> datetime | None:
    """Of RFC 3339, as in an object's times; None: it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _node(lease: Document, now: datetime) -> str:
    """Empty where its clock may be right."""
    renewed = moment((lease.get("spec") or {}).get("renewTime"))
    if renewed is None:
        return ""
    away = renewed - now
    if away > SKEW or -_HOUR < away < -(_LEASE + SKEW):
        return f"the node {lease['metadata']['name']} is {_difference(away)} the API server"
    return ""


def _difference(away: timedelta) -> str:
    return f"{abs(away.total_seconds()):.0f} s {'ahead of' if away > timedelta() else 'behind'}"
