"""What the tests of the client share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from authority import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
