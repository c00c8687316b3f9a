"""Processes, as /proc shows them (proc(5))."""

from pathlib import Path


def state(pid: int) -> str:
    """`R`, `S`, `T` …; `Z` also for a process that is quite gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def is_dead(pid: int) -> bool:
    """Whether it holds nothing any more: its first thread may be gone while others still have its sockets open."""
    try:
        return state(pid) == "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) <= 1
    except FileNotFoundError:
        return True
