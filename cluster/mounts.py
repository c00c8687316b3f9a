"""What is mounted below a folder: pods' volumes, containers' file systems, pods' network namespaces."""

import re
from pathlib import Path

from cluster import commands
from cluster.failure import ClusterFailed

_TABLE = Path("/proc/self/mounts")
_ROUNDS = 5
_AT_ONCE = 100


def below(table: str, folder: Path) -> list[Path]:
    """The mount points below `folder` in a table as /proc/mounts has it; those that were mounted last come first."""
    points = [Path(_unescaped(line.split()[1])) for line in table.splitlines() if line]
    return [point for point in reversed(points) if folder in point.parents]


def present(folder: Path) -> list[Path]:
    return below(_TABLE.read_text(), folder)


def release(folder: Path) -> None:
    """Unmounts all below the folder. Raises ClusterFailed if something stays: then the folder must not be removed."""
    for _ in range(_ROUNDS):
        points = present(folder)
        if not points:
            return
        for start in range(0, len(points), _AT_ONCE):
            commands.attempt(["umount", "--lazy", *points[start : start + _AT_ONCE]])
    if points := present(folder):
        raise ClusterFailed(f"{points[0]} stays mounted. Try: umount {points[0]}, then python -m cluster down")


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
