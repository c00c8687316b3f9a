"""The demo in front of a real API server, without controllers and nodes: nobody becomes ready who is not said to be."""

from collections.abc import Iterator

import pytest
from apikit.server import ApiServer, an_api_server


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """None of the mesh's own kinds is known."""
    with an_api_server() as server:
        yield server
