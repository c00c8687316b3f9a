"""The bench's own namespaces: what it starts meets nobody else's mesh, and goes with its first process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path("/run/bench")
"""Inside; /run is an empty file system of the bench's own."""
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--")
_FURNISH = 'mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up && exec "$@"'
_INTERRUPTED = 130


def environment() -> dict[str, str]:
    """Settings of the machine's own mesh do not count."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HAUBERK_") or k == "HAUBERK_PROXY_BINARY"}
    return {
        **kept,
        "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
        "HAUBERK_STATE_DIR": str(FOLDER / "state"),
        "HAUBERK_RUNTIME_DIR": str(FOLDER / "hauberk"),
    }


def enter(arguments: Sequence[str]) -> int:
    """Runs `python -m bench ARGUMENTS` inside and returns its exit code; whatever ends this ends everything."""
    command = [sys.executable, "-m", "bench", *arguments]
    argv = ["setpriv", "--pdeathsig", "KILL", *_UNSHARE, "sh", "-c", _FURNISH, "bench", *command]
    inside = subprocess.Popen(argv, env=environment(), stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return inside.wait()
    except KeyboardInterrupt:
        inside.kill()
        inside.wait()
        return _INTERRUPTED
