"""Lets instrumented proxies carry the cases, so that the compiler learns which of their ways are taken all day."""

import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from bench.cases import Effort
from bench.gauge import Gauge
from bench.needs import Tools
from bench.planes import Plane
from bench.processes import BenchFailed

_END_TIMEOUT_S = 30.0
_STEP_S = 0.1


def furnish(tools: Tools, folder: Path) -> Path:
    """Puts the instrumented builds of FOLDER in the places of the proxy and the relay. Returns the proxy to start.

    Each is behind a script that says where its counts go: FOLDER/raw/PROGRAM-PID.profraw.

    They are written to a file at the end, which the proxy's system call filter forbids; it is off for that.
    """
    shutil.copy(folder / tools.proxy.name, tools.proxy)
    proxy, relay = tools.proxy.with_name("counting-proxy"), tools.relay.with_name("counting-relay")
    shutil.copy(folder / tools.relay.name, relay)
    for script, inner in ((proxy, tools.proxy), (tools.relay, relay)):
        counts = f"LLVM_PROFILE_FILE={folder}/raw/{script.name}-%p.profraw"
        script.write_text(f'#!/bin/sh\nexec env HAUBERK_PROXY_SECCOMP=off {counts} {inner} "$@"\n')
        script.chmod(0o755)
    return proxy


def carry(planes: Sequence[Plane], effort: Effort, gauge: Gauge) -> None:
    """Puts each case on each plane once. Raises BenchFailed if a request failed: that would teach the wrong ways."""
    for case in effort.cases:
        for plane in planes:
            sample = gauge.saturate(case, plane, effort.seconds)
            if sample.errors:
                raise BenchFailed(f"{case}: {sample.errors} errors with {plane.name}")


def end(planes: Sequence[Plane], folder: Path) -> None:
    """Ends the proxies in an orderly way, for then they write their counts. Raises BenchFailed if one did not."""
    pids = {pid for plane in planes for way in plane.ways.values() for pid in way.pair}
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _END_TIMEOUT_S
    while not pids <= _counted(folder):
        if time.monotonic() > until:
            raise BenchFailed(
                f"{len(pids - _counted(folder))} of {len(pids)} proxies have not written what they counted"
            )
        time.sleep(_STEP_S)


def _counted(folder: Path) -> set[int]:
    files = [file for file in (folder / "raw").glob("*-*.profraw") if file.stat().st_size]
    return {int(file.stem.rpartition("-")[2]) for file in files}
