"""Commands as a shell runs them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What a command did, as a shell sees it."""

    code: int
    out: str
    err: str


Hauberk = Callable[..., Result]
