"""What proxies themselves say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hauberk.check.data_plane import VIEW_AGE_MAX_S
from hauberk.check.report import Check, listed, verdict
from hauberk.client.refused import hint_for, refused


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one proxy, through the API server. None where it does not say."""

    pod: str
    """NAMESPACE/NAME."""
    error: str = ""
    """Why it was not read."""
    expires_s: float | None = None
    """The end of its certificate, in seconds since the epoch."""
    view_age_s: float | None = None
    """Since the control plane confirmed last what it acts on."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Of some proxies: a request for each of many would be a burden."""

    read: Sequence[Answer] = ()
    of: int = 0
    """How many there are."""


def answers(facts: Answers, now: datetime) -> list[Check]:
    """None where nobody was asked."""
    if not facts.read:
        return []
    part = f" ({len(facts.read)} of {facts.of} were asked)" if len(facts.read) < facts.of else ""
    answering = f"proxies answer{part}"
    forbidden = next((answer.error for answer in facts.read if refused(answer.error)), None)
    if forbidden is not None:
        told = f"they were not asked: {forbidden}"
        return [Check(answering, "warning", told, hint_for(forbidden, unknown=False))]
    silent = [f"{answer.pod}: {answer.error}" for answer in facts.read if answer.error]
    expired = [
        f"{answer.pod}: since {datetime.fromtimestamp(answer.expires_s, UTC):%Y-%m-%d %H:%M} UTC"
        for answer in facts.read
        if answer.expires_s is not None and answer.expires_s <= now.timestamp()
    ]
    old = [f"{answer.pod}: {answer.view_age_s:.0f} s" for answer in facts.read if (answer.view_age_s or 0) > _OLD_S]
    return [
        # The way is through the API server, whose network may not lead to pods: then all is well but this.
        verdict(answering, listed(silent), _LOG, outcome="warning"),
        verdict(
            f"proxies' certificates are valid{part}",
            listed(expired),
            "the proxy cannot renew it: see linkerd-identity above, and " + _LOG,
            settles=True,
        ),
        verdict(
            f"proxies' views are younger than {_OLD_S:.0f} s{part}",
            listed(old),
            "the proxy does not reach the control plane and acts on what it knew: " + _LOG,
            outcome="warning",
        ),
    ]


_OLD_S = VIEW_AGE_MAX_S
_LOG = "kubectl -n NAMESPACE logs POD -c linkerd-proxy"
