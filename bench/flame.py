"""Where a pair of proxies spends its time: a profile under load, as a flame graph."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench import flamegraph, folded, inside, load
from bench.cases import Case
from bench.planes import Plane, Way
from bench.processes import LOAD_CORE, PROXY_CORE, BenchFailed, in_network_of

_PER_SECOND = 1999
"""Samples; no divisor of anything that happens regularly."""
_LEAD_S = 1.0
"""Connections are open by then."""


def record(plane: Plane, case: Case, tools: load.Generators, seconds: int, target: Path) -> None:
    """Writes the picture, and beside it the folded stacks (`.txt`). Raises BenchFailed."""
    way, data = plane.ways[case.protocol], inside.FOLDER / "perf.data"
    samples = _sample(way, case, tools, seconds, data)
    stacks = folded.fold(samples, _titles(way))
    if not stacks:
        raise BenchFailed("the profile is empty: did anything run on the proxies' core?")
    title = f"{case}: where the time of both proxies goes ({sum(stacks.values()):,} samples)"
    target.write_text(flamegraph.draw(stacks, title))
    target.with_suffix(".txt").write_text("".join(f"{';'.join(stack)} {n}\n" for stack, n in sorted(stacks.items())))
    for part, share in folded.shares(stacks).items():
        sys.stdout.write(f"{share:6.1%}  {part}\n")


def _titles(way: Way) -> Mapping[int, str]:
    client, server = way.pair
    return {client: "the client's proxy", server: "the server's proxy"}


def _sample(way: Way, case: Case, tools: load.Generators, seconds: int, data: Path) -> str:
    tools.log.unlink(missing_ok=True)
    argv = load.saturating(tools, case, way.address, seconds + round(2 * _LEAD_S))
    with subprocess.Popen(in_network_of(way.client, argv, core=LOAD_CORE), stdout=subprocess.DEVNULL) as running:
        time.sleep(_LEAD_S)
        _perf(
            "record", "-q", "-g", "-F", str(_PER_SECOND), "-C", str(PROXY_CORE), "-o", str(data), "sleep", str(seconds)
        )
        if running.wait() != 0:
            raise BenchFailed(f"{' '.join(argv)} ended with {running.returncode}")
    return _perf("script", "-i", str(data), "-F", "pid,ip,sym,dso")


def _perf(*words: str) -> str:
    ran = subprocess.run(["perf", *words], capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode != 0:
        raise BenchFailed(f"perf {words[0]} failed:\n{ran.stderr}")
    return ran.stdout
