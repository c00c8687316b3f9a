"""The namespaces that the demo plays in, seen from outside: made, asked to end, and gone with their last process.

Process 1 of the inner process namespace is the demo itself, so the kernel ends all that the demo started when it ends,
by whatever cause; interfaces, rules and mounts go with their namespaces. A mesh of this machine is neither seen nor
touched, although both have the same addresses and file names.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from demo import needs

FOLDER = Path("/run/demo")
"""Inside; /run is an empty file system of the demo's own."""
STATE = FOLDER / "state"
RUNTIME = Path("/run/hauberk")
WORK = FOLDER / "work"
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ASK_EVERY_S = 0.2
_END_TIMEOUT_S = 40.0
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--")
_FURNISH = 'mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up && exec "$@"'


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the demo's processes see: settings of the machine's own mesh do not count."""
    kept = {k: v for k, v in environ.items() if not k.startswith("HAUBERK_") or k == "HAUBERK_PROXY_BINARY"}
    return {
        **kept,
        "PATH": needs.search_path(environ),
        "HAUBERK_STATE_DIR": str(STATE),
        "HAUBERK_RUNTIME_DIR": str(RUNTIME),
    }


def obstacle() -> str | None:
    """Why this machine does not let us make namespaces, in a line; None when it does."""
    tried = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return None
    said = tried.stderr.strip().splitlines()
    reason = said[-1] if said else f"unshare ended with {tried.returncode}"
    return f"namespaces cannot be made here ({reason}). A container needs --privileged for the demo"


class Stage:
    """Runs a command inside. Use on the main thread: it listens to signals."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        # Killed with us, even if we are killed ourselves; and in a session of its own, so that Ctrl-C reaches us alone.
        self._argv = ["setpriv", "--pdeathsig", "KILL", *_UNSHARE, "sh", "-c", _FURNISH, "stage", *command]
        self._environ = environment(environ)
        self._asked = 0

    def run(self) -> int:
        """The command's exit code. The first signal asks it to end in order, a second one ends it at once."""
        for number in ENDING_SIGNALS:
            signal.signal(number, self._ask)
        inside = subprocess.Popen(self._argv, env=self._environ, stdin=subprocess.DEVNULL, start_new_session=True)
        patience = round(_END_TIMEOUT_S / _ASK_EVERY_S)
        while True:
            try:
                return inside.wait(timeout=_ASK_EVERY_S)
            except subprocess.TimeoutExpired:
                patience -= self._asked > 0
            # Again and again: a process 1 does not get a signal that it does not expect yet.
            if self._asked:
                insisted = self._asked > 1 or patience <= 0
                os.killpg(inside.pid, signal.SIGKILL if insisted else signal.SIGTERM)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked += 1


def inner_command(arguments: Sequence[str]) -> list[str]:
    """The demo's own command again, for the inside."""
    return [sys.executable, "-m", "demo", "--on-stage", *arguments]
