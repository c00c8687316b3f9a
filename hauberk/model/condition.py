"""One aspect of a resource's status (meta/v1 Condition)."""

from datetime import datetime
from typing import Literal

from hauberk.model.part import Part


class Condition(Part, frozen=True, kw_only=True):
    type: str
    status: Literal["True", "False", "Unknown"]
    observed_generation: int | None = None
    last_transition_time: datetime | None = None
    reason: str = ""
    message: str = ""
