"""Conditions of a status, and whether those that are there say the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from hauberk.model.condition import Condition

CONTROLLER = "linkerd.io/policy-controller"
"""Who signs the statuses of routes; tools look for this name."""

ACCEPTED = "Accepted"
RESOLVED_REFS = "ResolvedRefs"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition: of a type, true or not, with a CamelCase reason."""

    type: str
    holds: bool
    reason: str
    message: str = ""


def conditions(
    verdicts: Sequence[Verdict], before: Sequence[Condition], *, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """The conditions that say this; those that say it already stay as they are, and so does the time of a change."""
    old = {condition.type: condition for condition in before}
    return tuple(_condition(verdict, old.get(verdict.type), generation, now) for verdict in verdicts)


def _condition(verdict: Verdict, old: Condition | None, generation: int, now: datetime) -> Condition:
    if old is not None and _says(old, verdict, generation):
        return old
    new = Condition(
        type=verdict.type,
        status="True" if verdict.holds else "False",
        reason=verdict.reason,
        message=verdict.message,
        observed_generation=generation or None,
        last_transition_time=now.replace(microsecond=0),
    )
    unturned = old is not None and old.status == new.status and old.last_transition_time is not None
    return replace(new, last_transition_time=old.last_transition_time) if old is not None and unturned else new


def _says(old: Condition, verdict: Verdict, generation: int) -> bool:
    """Whether nothing is to be written. Another writer of this name gives no generation, and no messages of ours."""
    if (old.status == "True", old.reason) != (verdict.holds, verdict.reason):
        return False
    if old.observed_generation is None:
        return True
    return (old.observed_generation, old.message) == (generation, verdict.message)
