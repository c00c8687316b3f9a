"""A whole mesh: its control plane, its workloads, and the proof that nothing is left of it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from meshkit.api import Api
from meshkit.clean import remains
from meshkit.http import ask
from meshkit.slot import Slot
from meshkit.until import WITHIN_S, until
from meshkit.workload import Workload

HAUBERK = (sys.executable, "-m", "hauberk.cli")
READY = b"ready in "
FORBIDDEN = re.compile(r"proxy.*\b(SIGSYS|signal 31)\b")


class Mesh:
    def __init__(self, slot: Slot, root: Path, settings: Mapping[str, str] | None = None) -> None:
        """`root`: an empty directory that every user may pass, with a short path. `settings`: HAUBERK_* variables."""
        self.slot, self.root = slot, root
        self.state, self.runtime = root / "state", root / "run"
        self.api = Api(self.runtime / "api.sock")
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HAUBERK_", "LINKERD2_"))},
            **{name: os.environ[name] for name in ("HAUBERK_PROXY_BINARY", "HAUBERK_PROXY_SECCOMP")},
            "HAUBERK_STATE_DIR": str(self.state),
            "HAUBERK_RUNTIME_DIR": str(self.runtime),
            "HAUBERK_SOCKET": str(self.runtime / "api.sock"),
            **slot.settings(),
            **(settings or {}),
        }
        self.up_by: Sequence[str] = HAUBERK
        """The words before `up`."""
        self._log = root / "control-plane.log"
        self._control_plane: subprocess.Popen[bytes] | None = None
        self._workloads: list[Workload] = []

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = self.down()
        assert error is not None or not left, f"left behind: {left}\n{self.said()}"

    # The control plane.

    def up(self) -> None:
        """Start it and wait until it serves."""
        with self._log.open("ab") as log:
            self._control_plane = subprocess.Popen(
                [*self.up_by, "up"], env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        before = self._log.read_bytes().count(READY)
        until("the control plane serves", lambda: self._serves(before), seen=self.said)

    def _serves(self, before: int) -> bool:
        process = self._control_plane
        assert process is not None
        assert process.poll() is None, f"the control plane ended\n{self.said()}"
        return self._log.read_bytes().count(READY) > before

    @property
    def control_plane(self) -> int:
        """Its process."""
        assert self._control_plane is not None
        return self._control_plane.pid

    def kill_control_plane(self) -> None:
        assert self._control_plane is not None
        self._control_plane.kill()
        self._control_plane.wait()

    def front_metrics(self) -> str:
        """The page of the proxy in front of it."""
        address = self.slot.admin
        return ask(lambda: socket.create_connection(address, 10), address[0], "/metrics").body.decode()

    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def down(self) -> list[str]:
        """End everything, and return what is left all the same, or shows that a proxy was ended by its own filter."""
        running = [workload for workload in self._workloads if workload.process.poll() is None]
        for workload in running:
            workload.process.send_signal(signal.SIGCONT)
            workload.process.terminate()
        for workload in running:
            workload.wait()
        if self._control_plane is not None and self._control_plane.poll() is None:
            self._control_plane.send_signal(signal.SIGCONT)
            self._control_plane.terminate()
            assert self._control_plane.wait(WITHIN_S) == 0, self.said()
        try:
            until("nothing is left", lambda: not self._remains(), within_s=10)
        except AssertionError:
            return self._remains()
        logs = {"the control plane": self.said(), **{workload.name: workload.said() for workload in self._workloads}}
        return [f"{name}: {said}" for name, said in logs.items() if FORBIDDEN.search(said)]

    def _remains(self) -> list[str]:
        namespaces = [workload.namespace for workload in self._workloads if workload.namespace is not None]
        links = [workload.link for workload in self._workloads if workload.namespace is not None]
        return remains(self.root, self.slot.bridge, namespaces, links)

    # Resources.

    def hauberk(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*HAUBERK, *arguments],
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    def apply(self, *documents: Mapping[str, Any]) -> None:
        """What `hauberk apply` does; JSON is YAML."""
        text = "\n---\n".join(json.dumps(document) for document in documents)
        done = self.hauberk("apply", "-f", "-", given=text)
        assert done.returncode == 0, done.stderr

    # Workloads.

    def run(
        self,
        name: str,
        argv: Sequence[str],
        *options: str,
        ports: Sequence[str] = (),
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
    ) -> Workload:
        """Start `hauberk run`; `options` are more of its options, `env` the environment of the command itself."""
        number = len(self._workloads)
        logs = (self.root / f"{name}-{number}.out", self.root / f"{name}-{number}.err")
        words = ["--name", name, *(word for port in ports for word in ("--port", port)), *options]
        with logs[0].open("wb") as stdout, logs[1].open("wb") as stderr:
            process = subprocess.Popen(
                [*HAUBERK, "run", *words, "--", *argv],
                env={**self.environ, **(env or {})},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
            )
        workload = Workload(self.api, name, process, logs, has_ports=bool(ports))
        self._workloads.append(workload)
        return workload
