"""What is not right yet, by name: a test that passes all the same fails, so that its mark is removed."""

import pytest


def fails_today(request: pytest.FixtureRequest, why: str, *, when: bool = True) -> None:
    """Like `pytest.mark.xfail`, for some of a test's parameters."""
    if when:
        request.applymarker(pytest.mark.xfail(strict=True, reason=why))
