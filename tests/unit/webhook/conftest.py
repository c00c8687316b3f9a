import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from webhook_vault import Memory

from hauberk.runtime.clock import ManualClock


@pytest.fixture
def vault() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> ManualClock:
    """So far back that the next certificate is made about now: TLS looks at the machine's clock."""
    return ManualClock(datetime.now(UTC) - timedelta(days=261))
