"""The demo in front of a real API server, without controllers and nodes: nobody becomes ready who is not said to be."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from apikit.connecting import connected  # noqa: E402 - found by the path above
from apikit.programs import missing  # noqa: E402
from apikit.server import ApiServer, an_api_server  # noqa: E402

from hauberk.client.api import Client  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = missing()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)
            if reason:
                item.add_marker(pytest.mark.skip(reason))


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """None of the mesh's own kinds is known."""
    with an_api_server() as server:
        yield server


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with connected(server) as client:
        yield client
