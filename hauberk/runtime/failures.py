"""What failed, of several tasks at once."""

from collections.abc import Iterator
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def flat(failures: BaseExceptionGroup[E]) -> Iterator[E]:
    """The failures themselves, however deep tasks were grouped."""
    for failure in failures.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            yield from flat(failure)
        else:
            yield failure
