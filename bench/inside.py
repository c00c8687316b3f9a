"""The bench's own namespaces: what it starts meets nobody else's mesh, and goes with its first process."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from bench.needs import Tools

FOLDER = Path("/run/bench")
"""Inside; /run is an empty file system of the bench's own."""
BIN = FOLDER / "bin"
"""What is built or installed for the bench, where every uid can reach it, whatever folder the checkout is in."""
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--")
_FURNISH = 'mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up && exec "$@"'
_INTERRUPTED = 130
_FILES = 65536
"""Descriptors of a process; a proxy that carries 5,000 connections needs four for each."""


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


def furnish(tools: Tools) -> Tools:
    """Prepares the inside. Returns the tools as they are found there."""
    _raise_open_files()
    BIN.mkdir(parents=True)
    found = {}
    for name, path in asdict(tools).items():
        found[name] = BIN / path.name
        if name == "envoy":  # large
            found[name].touch()
            subprocess.run(["mount", "--bind", str(path), str(found[name])], check=True)
        else:
            shutil.copy(path, found[name])
    return Tools(**found)


def _raise_open_files() -> None:
    """As far as it goes: not every root may raise the hard limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
