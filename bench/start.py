"""How long a proxy takes from its start until it is ready, beyond what its certificate takes."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import inside, needs
from bench.mesh import Mesh
from bench.processes import LOAD_CORE, PROXY_CORE, BenchFailed, in_network_of
from bench.stopwatch import Order, Taken
from hauberk.host.user import PROXY_UID

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Start:
    """Medians over `starts`."""

    ready_ms: float
    """From exec until `/ready` answers 200; looked at every half millisecond."""
    asked_ms: float
    """From exec until the connection to the identity service is opened."""
    certificate_ms: float
    """From then until the last bytes of that service before the proxy is ready."""
    beyond_ms: float
    """All but the certificate's."""
    starts: int


def measure(mesh: Mesh, binary: Path, starts: int) -> Start:
    """Starts proxies as the workload's own was started, beside it and at other ports. Raises BenchFailed."""
    folder = inside.FOLDER / "start"
    folder.mkdir()
    os.chown(folder, PROXY_UID, PROXY_UID)
    order = Order(str(binary), _environment(mesh.proxies[0]), str(folder), PROXY_CORE, starts)
    argv = in_network_of(mesh.client, [sys.executable, "-m", "bench.stopwatch"], core=LOAD_CORE, as_proxy=True)
    ran = subprocess.run(
        argv,
        cwd=needs.ROOT,
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if ran.returncode != 0:
        raise BenchFailed(f"a proxy does not become ready:\n{ran.stderr}")
    return summary([Taken(*seconds) for seconds in json.loads(ran.stdout)])


def summary(taken: Sequence[Taken]) -> Start:
    def median_ms(of: Callable[[Taken], float]) -> float:
        return statistics.median(map(of, taken)) * 1000

    return Start(
        ready_ms=median_ms(lambda t: t.ready),
        asked_ms=median_ms(lambda t: t.asked),
        certificate_ms=median_ms(lambda t: t.answered - t.asked),
        beyond_ms=median_ms(lambda t: t.ready - (t.answered - t.asked)),
        starts=len(taken),
    )


def binary_mb(binary: Path) -> float:
    """Without symbols, in 10^6 bytes."""
    stripped = inside.FOLDER / "stripped"
    subprocess.run(["strip", "-o", str(stripped), str(binary)], check=True)
    return stripped.stat().st_size / 1e6


def _environment(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.decode().split("=", 1) for pair in pairs if b"=" in pair)
