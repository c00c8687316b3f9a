"""What all tests with a real API server share: they need programs that `make cluster` builds."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from apikit.connecting import connected  # noqa: E402 - found by the path above
from apikit.programs import missing  # noqa: E402
from apikit.server import ApiServer  # noqa: E402

from hauberk.client.api import Client  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = missing()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)
            if reason:
                item.add_marker(pytest.mark.skip(reason))


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    """The administrator of the API server that the folder has."""
    async with connected(server) as client:
        yield client
