"""What processes used, by /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time of all threads, in seconds; exact to nanoseconds."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def core_s(core: int) -> float:
    """How long a core was busy or taken away from this machine, in seconds; in steps of 10 ms."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields[:8])
            return (user + nice + system + irq + softirq + steal) * _TICK_S
    raise ValueError(f"there is no core {core}")


def threads_s(pid: int, prefix: str) -> dict[int, float]:
    """CPU seconds of each thread whose name begins so, by its id."""
    tasks = [task for task in Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().startswith(prefix)]
    return {int(task.name): int((task / "schedstat").read_text().split()[0]) / 1e9 for task in tasks}


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory, and the part of it that is anonymous, page by page: the sums in `status` lag behind."""
    values = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in {"Rss", "Anonymous"}:
            values[name] = int(rest.split()[0]) / 1024
    return values["Rss"], values["Anonymous"]


def anonymous_mb(pids: Iterable[int]) -> float:
    """Of all of them together."""
    return sum(memory_mb(pid)[1] for pid in pids)


def pin(pid: int, core: int) -> None:
    """Keeps all threads of a process on one core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
