"""One command at a time changes a cluster."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.failure import ClusterFailed


@contextmanager
def held(path: Path) -> Iterator[None]:
    """The kernel gives the lock back however the command ends. Raises ClusterFailed if another command has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClusterFailed(f"another command works on this cluster ({path}). Try: again, later") from None
        yield
