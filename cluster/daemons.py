"""The cluster's running programs: started once, waited for, ended; known to later commands by files."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from cluster import commands, files, process, wait
from cluster.daemon import Daemon
from cluster.failure import ClusterFailed
from cluster.process import Process

T = TypeVar("T")
_LAUNCH_TIMEOUT_S = 5.0
_GRACE_S = 3.0
_KILL_TIMEOUT_S = 10.0


class Daemons:
    """`pids` has a file for each with its id and start, `logs` a file for each with what it says."""

    def __init__(self, pids: Path, logs: Path) -> None:
        self._pids = pids
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._expected: set[str] = set()

    def start(self, daemon: Daemon) -> None:
        """One that runs with the same command and the same files is left alone; another one is replaced."""
        running = self.running(daemon.name)
        same_files = not any(files.differs(path, text) for path, text in daemon.files.items())
        if running and same_files and running.command() == daemon.argv:
            self._expected.add(daemon.name)
            return
        self.stop(daemon.name)
        for path, text in daemon.files.items():
            files.keep(path, text)
        self._launch(daemon)
        self._expected.add(daemon.name)

    def stop(self, *names: str) -> None:
        """Ends those of them that run: asks all, and kills those that take too long."""
        held = {name: running for name in names if (running := self.running(name))}
        for running in held.values():
            running.send(signal.SIGTERM)
        until = time.monotonic() + _GRACE_S
        for running in held.values():
            if not running.ends_within(until - time.monotonic()):
                running.send(signal.SIGKILL)
        for name, running in held.items():
            if not running.ends_within(_KILL_TIMEOUT_S):
                raise ClusterFailed(f"{name} (process {running.pid}) does not end, even when killed")
        for name in names:
            self._expected.discard(name)
            self._reap(name)
            self._note(name).unlink(missing_ok=True)

    def running(self, name: str) -> Process | None:
        try:
            noted = process.parse(self._note(name).read_text())
        except FileNotFoundError:
            return None
        return noted if noted and noted.runs() else None

    def names(self) -> list[str]:
        """All that were started and not stopped, whether they run or not."""
        return sorted(path.name for path in self._pids.glob("*"))

    def started(self, name: str) -> float:
        """When it was started, in seconds of the clock on the wall: for comparison with what Kubernetes has noted."""
        return self._note(name).stat().st_mtime

    def fallen(self) -> str | None:
        """Which of those that were to run have ended by themselves, with their last words; None if all run.

        What has ended before this command began is no news: it will be started again.
        """
        fallen = [name for name in sorted(self._expected) if not self.running(name)]
        return "\n".join(f"{name} has ended. {self.last_words(name)}" for name in fallen) or None

    def last_words(self, name: str) -> str:
        log = self.log(name)
        text = log.read_text(errors="replace") if log.exists() else ""
        return f"The end of {log}:\n{commands.tail(text)}"

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def wait(self, what: str, look: Callable[[], T | None], timeout_s: float, by: Sequence[str]) -> T:
        """Returns what `look` finds. Raises ClusterFailed if any program ends first or the time is over.

        `by`: the programs that are to bring it, whose last words are told.
        """
        try:
            return wait.until(what, look, timeout_s, self.fallen)
        except ClusterFailed as failure:
            told = [self.last_words(name) for name in by if self.running(name)]
            raise ClusterFailed("\n".join([str(failure), *told])) from None

    def _launch(self, daemon: Daemon) -> None:
        self._pids.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self.log(daemon.name)
        if log.exists():
            log.replace(log.with_suffix(".old.log"))
        with log.open("wb") as output:
            # In a session of its own: Ctrl-C is for the command that the person sees.
            child = self._children[daemon.name] = subprocess.Popen(
                daemon.launch(self._note(daemon.name)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._logs,
                env=commands.environment(os.environ),
                start_new_session=True,
            )
        wait.until(
            f"the start of {daemon.name}",
            partial(self._is_launched, daemon),
            _LAUNCH_TIMEOUT_S,
            lambda: None if child.poll() is None else self.last_words(daemon.name),
            step_s=0.005,
        )

    def _is_launched(self, daemon: Daemon) -> bool | None:
        running = self.running(daemon.name)
        return (running is not None and daemon.is_launched(running.command())) or None

    def _reap(self, name: str) -> None:
        if child := self._children.pop(name, None):
            child.wait(_KILL_TIMEOUT_S)

    def _note(self, name: str) -> Path:
        return self._pids / name
