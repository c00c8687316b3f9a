"""The makers of resources and the world of the transcripts serve these tests too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "transcripts"))
