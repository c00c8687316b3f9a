import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from injector_pods import installation_of

from hauberk.config.chart import Values
from hauberk.injector.installation import Installation


@pytest.fixture
def installation() -> Installation:
    return installation_of(Values())
