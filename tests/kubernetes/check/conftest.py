"""`hauberk check` in front of real API servers, without controllers and nodes."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "install")]

from apikit.programs import missing  # noqa: E402 - found by the path above


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = missing()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)
            if reason:
                item.add_marker(pytest.mark.skip(reason))
