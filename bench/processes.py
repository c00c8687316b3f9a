"""What the bench starts, and how it waits for it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from bench.needs import ROOT
from hauberk.host.user import PROXY_UID

T = TypeVar("T")
PROXY_CORE = 0
LOAD_CORE = 1
_STEP_S = 0.01
_MODULE_TIMEOUT_S = 120.0
_LAST_WORDS = 20


class BenchFailed(Exception):
    """The bench cannot go on; the text is for the person who waits."""


class Processes:
    """Starts processes whose output goes to a file each. They end with the bench's namespaces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True)

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Returns the process's id."""
        with (self._folder / name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
            )
        return self._running[name].pid

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.terminate()
        process.wait()

    def said(self, name: str) -> str:
        return (self._folder / name).read_text(errors="replace")

    def wait(self, what: str, look: Callable[[], T | None], timeout_s: float) -> T:
        """Returns what `look` finds. Raises BenchFailed if a process ends first, or the time is over."""
        until = time.monotonic() + timeout_s
        while (found := look()) is None:
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise BenchFailed(f"{name} ended with {process.returncode}; its last words:\n{self._end_of(name)}")
            if time.monotonic() > until:
                raise BenchFailed(f"{what} did not come within {timeout_s:.0f} s\n{self.last_words()}")
            time.sleep(_STEP_S)
        return found

    def last_words(self) -> str:
        """What all that run have said last."""
        return "\n".join(f"{name} said:\n{end}" for name in self._running if (end := self._end_of(name)))

    def _end_of(self, name: str) -> str:
        return "\n".join(f"    {line}" for line in self.said(name).splitlines()[-_LAST_WORDS:])


def in_network_of(pid: int, argv: Sequence[str], *, core: int, as_proxy: bool = False) -> list[str]:
    """`argv` in the network namespace of a process, on one core; as the uid that no redirect touches, or as root."""
    user = ["setpriv", f"--reuid={PROXY_UID}", f"--regid={PROXY_UID}", "--clear-groups"] if as_proxy else []
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--", "taskset", "-c", str(core), *user, *argv]


def run_module(beside: int, name: str, *arguments: str) -> str:
    """Runs a module of the bench in a process's network. Returns what it printed. Raises BenchFailed if it fails."""
    argv = in_network_of(beside, [sys.executable, "-m", name, *arguments], core=LOAD_CORE)
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=_MODULE_TIMEOUT_S, check=False)
    if ran.returncode != 0:
        raise BenchFailed(f"{name} failed:\n{ran.stderr}")
    return ran.stdout


def children(pid: int) -> Iterator[int]:
    """The processes that `pid` started and that run."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                yield int(entry.name)


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for child in children(pid):
        yield from tree(child)


def uid(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid
