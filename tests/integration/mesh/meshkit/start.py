"""How these tests start a mesh, and the server in it that speaks all protocols."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from meshkit.mesh import Mesh
from meshkit.slot import claim
from meshkit.workload import Workload

HERE = Path(__file__).parents[1]
PROGRAMS = HERE / "programs"
SERVER = PROGRAMS / "server.py"
PORTS = ("80:8080", "9001", "9002", "9003", "9004", "50051")
OPAQUE = "config.linkerd.io/opaque-ports=9001,9002"
SLOTS_OF_WORKER = 10
BUILT = HERE.parents[2] / "proxy" / "target" / "debug" / "hauberk-proxy"


@contextmanager
def a_mesh(settings: Mapping[str, str]) -> Iterator[Mesh]:
    """A mesh of one's own, with these HAUBERK_* settings; at its end nothing of it may be left."""
    os.environ.setdefault("HAUBERK_PROXY_BINARY", str(BUILT))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    slot = claim(int(worker) * SLOTS_OF_WORKER)
    root = Path(tempfile.mkdtemp(prefix="hb-"))
    # Proxies, which are not root, pass through to their own files.
    root.chmod(0o711)
    try:
        with Mesh(slot, root, settings) as mesh:
            yield mesh
    finally:
        shutil.rmtree(root)
        slot.close()


def run_server(mesh: Mesh, name: str, *options: str, replica: str = "") -> Workload:
    """Start programs/server.py; `replica` is how it calls itself in `x-served-by`."""
    options = ("--env", f"REPLICA={replica or name}", "--annotation", OPAQUE, *options)
    return mesh.run(name, [sys.executable, str(SERVER)], *options, ports=PORTS)
