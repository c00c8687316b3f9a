"""What a mesh left behind on the machine."""

import os
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path

from meshkit import namespace


def remains(root: Path, bridge: str, namespaces: Collection[int], links: Collection[str]) -> list[str]:
    """Processes that were started with the mesh's directory in their environment, its namespaces, interfaces, files."""
    return [
        *_processes(root),
        *(f"namespace {found}" for found in sorted(namespace.present() & set(namespaces))),
        *(f"interface {link}" for link in _links() if link == bridge or link in links),
        *(f"file {path}" for path in sorted((root / "run" / "workloads").glob("*"))),
        *(f"socket {path}" for path in sorted((root / "run").glob("*.sock"))),
    ]


def _processes(root: Path) -> Iterator[str]:
    mark = bytes(root) + b"/"
    for pid in _pids():
        try:
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if mark in environ or mark in words:
            yield f"process {pid}: {words.replace(bytes(1), b' ').decode(errors='replace')}"


def _links() -> list[str]:
    lines = subprocess.run(("ip", "-oneline", "link"), capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split(": ")[1].partition("@")[0] for line in lines]


def _pids() -> Iterator[int]:
    own = os.getpid()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != own:
            yield int(entry.name)
