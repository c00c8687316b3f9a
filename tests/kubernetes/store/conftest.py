"""An API server for all of these tests; those that harm one get their own."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from apikit.connecting import connected
from apikit.contents import empty
from apikit.server import ApiServer, an_api_server

from hauberk.client.api import Client
from hauberk.model.kinds import KINDS


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """With nothing in it but what a test leaves; none of the mesh's own kinds is known at first."""
    with an_api_server() as server:
        yield server


@pytest.fixture
def own_server() -> Iterator[ApiServer]:
    """For one test, which may do to it what it likes."""
    with an_api_server() as server:
        yield server


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    """The administrator, who finds and leaves an empty cluster."""
    async with connected(server) as client:
        await empty(client, [kind for kind in KINDS if kind.namespaced and kind.kind != "ServiceAccount"])
        yield client
