"""What is still there after the end, looked for inside of the demo's own namespaces."""

import asyncio
import os
import subprocess
from pathlib import Path

_WAIT_STEPS = 20
_WAIT_STEP_S = 0.1


async def settled(workloads: Path) -> list[str]:
    """What is left, given a moment for the last processes to go. Empty is well."""
    found = look(workloads)
    for _ in range(_WAIT_STEPS):
        if not found:
            break
        await asyncio.sleep(_WAIT_STEP_S)
        found = look(workloads)
    return found


def look(workloads: Path) -> list[str]:
    """Processes beside this one, interfaces beside loopback, packet filter rules, workloads' files."""
    return [
        *(f"process {name}" for name in _processes()),
        *(
            f"interface {line.split(':')[1].strip()}"
            for line in _lines("ip", "-oneline", "link")
            if ": lo:" not in line
        ),
        *(f"rules: {line}" for line in _lines("nft", "list", "tables")),
        *(f"file {path}" for path in sorted(workloads.glob("*"))),
    ]


def _processes() -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            about, _, rest = (entry / "stat").read_text().rpartition(")")
        except OSError:
            continue
        # A zombie is only an exit code that nobody has asked for.
        if rest.split()[0] != "Z":
            found.append(about.partition("(")[2])
    return sorted(found)


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
