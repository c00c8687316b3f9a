"""What is installed, held against Helm and a real API server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "unit" / "install")]

from apikit.programs import missing  # noqa: E402 - found by the path above
from apikit.server import ApiServer, an_api_server  # noqa: E402
from helm import Helm  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)


@pytest.fixture(scope="session")
def helm() -> Helm:
    found = Helm()
    if not found.program.exists():
        pytest.skip(f"there is no {found.program}: python -m cluster build helm")
    return found


@pytest.fixture(scope="session")
def bare() -> Iterator[ApiServer]:
    """An API server without anything around it."""
    if reason := missing():
        pytest.skip(reason)
    with an_api_server() as server:
        yield server
