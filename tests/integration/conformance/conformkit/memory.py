"""What a proxy holds in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meshkit.workload import Workload

MB = 1 << 20


def resident(workload: Workload) -> int:
    """Anonymous bytes of its proxy (proc(5), RssAnon)."""
    pid = workload.proxy()
    assert pid is not None
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon")


@contextmanager
def bounded(workloads: list[Workload], limit: int) -> Iterator[None]:
    """None of their proxies holds that much more at the end."""
    before = [resident(workload) for workload in workloads]
    yield
    grown = [resident(workload) - old for workload, old in zip(workloads, before, strict=True)]
    assert max(grown) <= limit, f"grown by {[size // 1024 for size in grown]} kB, allowed are {limit // 1024} kB"
