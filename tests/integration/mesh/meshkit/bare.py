"""Hosts without a mesh of ours: network namespaces on one bridge, and real proxies in them.

The bridge is in a namespace of its own, so nothing of this is seen on the machine, and it ends with its processes.
"""

import contextlib
import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from meshkit import namespace
from meshkit.http import Http, ask
from meshkit.samples import Samples
from meshkit.until import WITHIN_S, until

PROXY_UID = 2102
HUB, HUB6 = "10.99.0.254", "fd99::fe"
PREFIX, PREFIX6 = 24, 64


class Host:
    """A network namespace, held by a process that sleeps in it."""

    def __init__(self, name: str, ip: str, directory: Path) -> None:
        self.name, self.ip, self.directory = name, ip, directory
        self.ip6: str | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = Path("/proc/self/ns/net").readlink()
        until("it has a network of its own", lambda: _network_of(self.pid) not in (own, None))

    @property
    def pid(self) -> int:
        return self._holder.pid

    def entering(self) -> list[str]:
        return ["nsenter", "--target", str(self.pid), "--net", "--"]

    def execute(self, *argv: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [*self.entering(), *argv], input=given, capture_output=True, timeout=WITHIN_S, check=False
        )

    def must(self, *argv: str) -> bytes:
        done = self.execute(*argv)
        assert done.returncode == 0, (argv, done.stderr.decode())
        return done.stdout

    def start(self, log: str, *argv: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        with (self.directory / log).open("ab") as out:
            process = subprocess.Popen(
                [*self.entering(), *argv], env={**os.environ, **(env or {})}, stdout=out, stderr=out
            )
        self._started.append(process)
        return process

    def connect(self, address: tuple[str, int]) -> socket.socket:
        return namespace.connect(self.pid, address)

    def http(self, host: str, address: tuple[str, int]) -> Http:
        """HTTP/1.1 as a program there would speak it."""
        return Http(host, lambda: self.connect(address))

    def close(self) -> None:
        for process in [*self._started, self._holder]:
            if process.poll() is None:
                process.kill()
            process.wait()


class Proxy:
    """A real proxy in a host, with everything that leaves and enters the host sent through it."""

    def __init__(self, host: Host, environment: Mapping[str, str], *within: str) -> None:
        """`within`: as for `start`. Names with our own prefix stay as they are."""
        self.host = host
        self._binary = os.environ["HAUBERK_PROXY_BINARY"]
        self._environment = {
            name if name.startswith("HAUBERK_PROXY_") else f"LINKERD2_PROXY_{name}": value
            for name, value in environment.items()
        }
        host.must(self._binary, "redirect")
        self.start(*within)

    def start(self, *within: str) -> None:
        """`within`: words that put what follows them in a place of its own."""
        as_proxy = ("setpriv", f"--reuid={PROXY_UID}", f"--regid={PROXY_UID}", "--clear-groups")
        self.process = self.host.start("proxy.log", *within, *as_proxy, self._binary, env=self._environment)

    def ready(self) -> Self:
        until(f"the proxy of {self.host.name} is ready", lambda: self.admin("/ready") == 200, seen=self.said)
        return self

    def admin(self, path: str) -> int:
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(OSError):
            return ask(lambda: self.host.connect(("127.0.0.1", 4191)), "localhost", path).status
        return 0

    def metrics(self) -> Samples:
        return Samples(ask(lambda: self.host.connect(("127.0.0.1", 4191)), "localhost", "/metrics").body.decode())

    def said(self) -> str:
        return (self.host.directory / "proxy.log").read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Net:
    """The hosts, and the hub that connects them; what runs in the hub is reached by all of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._hosts: list[Host] = []
        self.hub = self._namespace("hub", HUB)
        for command in (
            ["link", "set", "lo", "up"],
            ["link", "add", "name", "hub", "type", "bridge"],
            ["address", "add", f"{HUB}/{PREFIX}", "dev", "hub"],
            ["link", "set", "hub", "up"],
        ):
            self.hub.must("ip", *command)

    def host(self, name: str, ip: str) -> Host:
        host = self._namespace(name, ip)
        self.hub.must("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(host.pid))
        self.hub.must("ip", "link", "set", name, "master", "hub", "up")
        for command in (
            ["link", "set", "lo", "up"],
            ["address", "add", f"{ip}/{PREFIX}", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["route", "add", "default", "via", HUB],
        ):
            host.must("ip", *command)
        return host

    def alone(self, name: str) -> Host:
        """A host that somebody else connects, if anybody does."""
        return self._namespace(name, "")

    def add_ipv6(self, host: Host, ip: str) -> None:
        """Make the host, and the hub, a member of both families."""
        self.hub.must("ip", "address", "replace", f"{HUB6}/{PREFIX6}", "dev", "hub", "nodad")
        host.must("ip", "address", "add", f"{ip}/{PREFIX6}", "dev", "eth0", "nodad")
        host.must("ip", "-6", "route", "add", "default", "via", HUB6)
        host.ip6 = ip

    def _namespace(self, name: str, ip: str) -> Host:
        directory = self.directory / name
        directory.mkdir()
        directory.chmod(0o711)
        host = Host(name, ip, directory)
        self._hosts.append(host)
        return host

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in reversed(self._hosts):
            host.close()


def listening(host: Host, port: int) -> None:
    """Wait until something takes connections there. Loopback is never redirected."""

    def is_taken() -> bool:
        with contextlib.suppress(OSError), host.connect(("127.0.0.1", port)):
            return True
        return False

    until(f"{host.name} listens on {port}", is_taken)


def _network_of(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/ns/net").readlink()
    except OSError:
        return None
