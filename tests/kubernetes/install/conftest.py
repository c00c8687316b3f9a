"""What is installed, held against Helm and a real API server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "unit" / "install")]

from apikit.server import ApiServer, an_api_server  # noqa: E402 - found by the path above
from helm import Helm  # noqa: E402


@pytest.fixture(scope="session")
def helm() -> Helm:
    found = Helm()
    if not found.program.exists():
        pytest.skip(f"there is no {found.program}: python -m cluster build helm")
    return found


@pytest.fixture(scope="session")
def bare() -> Iterator[ApiServer]:
    """An API server without anything around it."""
    with an_api_server() as server:
        yield server
