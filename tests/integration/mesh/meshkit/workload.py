"""One `hauberk run`, from outside: its process, its Pod, its proxy, its program."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from meshkit import namespace
from meshkit.api import Api, is_ready
from meshkit.http import Http, ask
from meshkit.samples import Samples
from meshkit.until import WITHIN_S, until

PROXY_UID = 2102
ADMIN_PORT = 4191


class Workload:
    def __init__(
        self, api: Api, name: str, process: "subprocess.Popen[bytes]", logs: tuple[Path, Path], *, has_ports: bool
    ) -> None:
        self.name = name
        self.process = process
        self.stdout, self.stderr = logs
        self._api = api
        self._has_ports = has_ports
        self._pod: dict[str, Any] = {}
        self._namespace: int | None = None

    def ready(self) -> "Workload":
        """Wait until others may send it requests."""
        until(f"{self.name} is ready", self._is_ready, seen=self.said)
        if self._has_ports:
            until(f"the Service {self.name} has it", lambda: self.ip in self._api.endpoints(self.name))
        self._namespace = namespace.identify(self.program())
        return self

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}\n{self.said()}"
        name = self.pod_name()
        pod = self._api.pod(name) if name else None
        if pod is not None and is_ready(pod):
            self._pod = pod
        return bool(self._pod)

    def pod_name(self) -> str | None:
        """As the supervisor, which this process becomes, was told; None before that."""
        try:
            words = Path(f"/proc/{self.process.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        return Path(words[3].decode()).parent.name if words[1:3] == [b"supervise", b"--spec"] else None

    @property
    def pod(self) -> str:
        return str(self._pod["metadata"]["name"])

    @property
    def ip(self) -> str:
        return str(self._pod["status"]["podIP"])

    @property
    def link(self) -> str:
        """The host's end of its pair of interfaces."""
        return "hb" + str(self._pod["metadata"]["uid"]).replace("-", "")[:12]

    @property
    def namespace(self) -> int | None:
        return self._namespace

    def said(self) -> str:
        return self.stdout.read_text(errors="replace") + self.stderr.read_text(errors="replace")

    # Its processes.

    def children(self) -> list[int]:
        return children(self.process.pid)

    def proxy(self) -> int | None:
        return next((pid for pid in self.children() if _uid(pid) == PROXY_UID), None)

    def program(self) -> int:
        """The program's process; the supervisor's other children are its proxy and its guard, a fork of itself."""
        own = _words(self.process.pid)
        return next(pid for pid in self.children() if _uid(pid) != PROXY_UID and _words(pid) not in (own, b""))

    def kill_program(self) -> None:
        os.kill(self.program(), signal.SIGKILL)

    def kill_proxy(self) -> int:
        """Kill the proxy and return the pid that it had."""
        pid = self.proxy()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        try:
            code = self.process.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end\n{self.said()}") from None
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code

    # Inside.

    def connect(self, address: tuple[str, int], *, timeout_s: float = 10.0) -> socket.socket:
        """A TCP connection as the program would open it."""
        return namespace.connect(self.program(), address, timeout_s=timeout_s)

    def http(self, host: str, port: int = 80) -> Http:
        """HTTP/1.1 to a Service by its virtual address, as the program would speak it."""
        pid, address = self.program(), self._api.service_address(host.partition(".")[0])
        return Http(f"{host}:{port}" if port != 80 else host, lambda: namespace.connect(pid, (address, port)))

    def execute(
        self, *argv: str, within_s: float = WITHIN_S, env: Mapping[str, str] | None = None, given: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run one more program beside the one that is there: same network, same files."""
        return subprocess.run(
            [*self.entering(), *argv],
            input=given,
            capture_output=True,
            timeout=within_s,
            check=False,
            env={**os.environ, **(env or {})},
        )

    def entering(self) -> Sequence[str]:
        """The words that start a command inside."""
        return ("nsenter", "--target", str(self.program()), "--net", "--mount", "--wd=/", "--")

    # Its proxy's admin endpoint.

    def admin(self, path: str, *, method: str = "GET") -> tuple[int, str]:
        answer = ask(lambda: socket.create_connection((self.ip, ADMIN_PORT), 10), self.ip, path, method=method)
        return answer.status, answer.body.decode()

    def metrics(self) -> Samples:
        status, page = self.admin("/metrics")
        assert status == 200, page
        return Samples(page)


def _uid(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def children(pid: int) -> list[int]:
    """Those of the process's main thread; none once it is gone."""
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
