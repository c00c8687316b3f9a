"""`hauberk check` in front of real API servers, without controllers and nodes."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "install")]
