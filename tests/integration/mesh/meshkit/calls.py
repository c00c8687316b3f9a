"""gRPC from inside of a workload: programs/caller.py, a usual client."""

import json
import sys
from typing import Any

from meshkit.start import PROGRAMS
from meshkit.workload import Workload


def census(client: Workload, target: str, method: str, times: int = 1) -> dict[str, int]:
    """Who answered how many calls of a method, or with which code."""
    done = client.execute(sys.executable, str(PROGRAMS / "census.py"), target, method, str(times))
    assert done.returncode == 0, done.stderr.decode()
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def call(client: Workload, target: str, *wanted: str) -> Any:
    """What it saw of each call, all of them where none is named."""
    done = client.execute(sys.executable, str(PROGRAMS / "caller.py"), target, *wanted)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)
