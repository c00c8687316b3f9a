"""Many idle connections through a plane at once."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench import needs
from bench.planes import Way
from bench.processes import LOAD_CORE, BenchFailed, in_network_of


@contextmanager
def holding(way: Way) -> Iterator[Callable[[int], None]]:
    """A function that sees to it that so many idle connections are open; in the end there is none.

    Each carried one request. The function raises BenchFailed.
    """
    argv = in_network_of(way.client, [sys.executable, "-m", "bench.hold", way.address], core=LOAD_CORE)
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=needs.ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1) as holder:

        def hold(connections: int) -> None:
            print(connections, file=holder.stdin, flush=True)
            if next(iter(holder.stdout or ()), "") != f"{connections}\n":
                raise BenchFailed(f"{connections} connections could not be opened at {way.address}")

        try:
            yield hold
            hold(0)
        finally:
            holder.kill()
