"""The services of the proxy API, as the tests of streams put them together, serve these tests too."""

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(_TESTS / "transcripts"), str(_TESTS / "integration" / "streams")]
