"""Other programs, run to their end."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster.failure import ClusterFailed

_ADMIN_FOLDERS = "/usr/sbin:/sbin"
_TIMEOUT_S = 60.0
_LAST_WORDS = 20


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the cluster's programs see. A proxy for HTTP, for one, would stand between a kubelet and its API server."""
    return {"PATH": search_path(environ), "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def search_path(environ: Mapping[str, str]) -> str:
    """PATH with the folders that hold `nft`, `iptables` and `runc`, which sudo and su may leave out."""
    return f"{environ.get('PATH') or os.defpath}:{_ADMIN_FOLDERS}"


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float = _TIMEOUT_S,
    given: str | None = None,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Returns what it printed. Raises ClusterFailed if it is missing, fails, or takes longer.

    `given` is its input; `env` replaces the environment that the cluster's programs have.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL if given is None else None,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            cwd=folder,
            env=environment(os.environ) if env is None else env,
            check=False,
        )
    except FileNotFoundError:
        raise ClusterFailed(f"{words[0]} cannot be run: there is no such program") from None
    except subprocess.TimeoutExpired:
        raise ClusterFailed(f"`{shlex.join(words)}` did not end within {timeout_s:.0f} s") from None
    if done.returncode != 0:
        raise ClusterFailed(f"`{shlex.join(words)}` ended with {done.returncode}:\n{tail(done.stdout + done.stderr)}")
    return done.stdout


def attempt(argv: Sequence[str | Path], *, timeout_s: float = _TIMEOUT_S) -> str | None:
    """What it printed, or None if it failed; for what may fail and for questions."""
    try:
        return run(argv, timeout_s=timeout_s)
    except ClusterFailed:
        return None


def tail(text: str) -> str:
    """The last lines, set off from our own words."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-_LAST_WORDS:])
