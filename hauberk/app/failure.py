"""Why the control plane does not start."""

from collections.abc import Iterator
from typing import TypeVar

E = TypeVar("E", bound=Exception)


class StartFailed(Exception):
    """What is wrong, and as the hint what to do about it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def flat(failures: BaseExceptionGroup[E]) -> Iterator[E]:
    """The failures themselves, however deep tasks were grouped."""
    for failure in failures.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            yield from flat(failure)
        else:
            yield failure
