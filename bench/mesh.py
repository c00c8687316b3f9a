"""A real mesh of two workloads: nginx as the server, and a program that sleeps, in whose network the load is made."""

import json
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import inside, usage
from bench.cases import SIZES
from bench.processes import LOAD_CORE, PROXY_CORE, Processes, children, tree, uid
from hauberk.host.user import PROXY_UID

HTTP1 = 8080
HTTP2 = 8090
DIRECT = {False: 8081, True: 8091}
"""nginx's ports that no proxy stands before, by whether they speak HTTP/2."""
SERVICE = {False: 80, True: HTTP2}
RELAYED = range(15400, 15500)
"""Ports of the other planes' servers, which no redirect touches."""
_HAUBERK = (sys.executable, "-m", "hauberk.cli")
_CONFIGURATION = Path(__file__).resolve().parent / "programs" / "nginx.conf"
_START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """How it started, and what it takes while it serves two workloads."""

    ready_s: float
    """From the start of the process until it said that it serves; the median of `starts`, without any files before."""
    starts: int
    rss_mb: float
    """Of all its processes together, the proxy in front of it included; pages that they share count for each."""


@dataclass(frozen=True, slots=True)
class Mesh:
    client: int
    """The process id of a workload's supervisor, which is in its network."""
    server: int
    proxies: tuple[int, int]
    server_ip: str
    service_ip: str
    control_plane: int

    @property
    def supervisor_mb(self) -> float:
        """Resident memory of what stands beside a program and its proxy."""
        return max(usage.memory_mb(self.client)[0], usage.memory_mb(self.server)[0])


def start_control_plane(processes: Processes, starts: int) -> tuple[int, float]:
    """Starts it anew so many times, the last for good. Returns its id and the median of the times it took."""
    took = []
    for number in range(starts):
        if number:
            processes.stop("control-plane")
            shutil.rmtree(inside.FOLDER / "state")
        began = time.monotonic()
        pid = processes.start("control-plane", [*_HAUBERK, "up"])
        processes.wait("the control plane", lambda: "ready in" in processes.said("control-plane") or None, 30)
        took.append(time.monotonic() - began)
    return pid, statistics.median(took)


def start(processes: Processes, control_plane: int, binary: Path) -> Mesh:
    """Returns once both workloads are ready."""
    env = {"HAUBERK_PROXY_BINARY": str(binary)}
    skipped = ",".join(map(str, DIRECT.values()))
    inbound = f"{skipped},{RELAYED.start}-{RELAYED.stop - 1}"
    nginx = ("nginx", "-p", ".", "-e", "stderr", "-c", str(_configuration()))
    server = processes.start(
        "server",
        [
            *(*_HAUBERK, "run", "--name", "server", "--user", "nobody", "--workdir", str(_folder())),
            *("--port", f"{SERVICE[False]}:{HTTP1}", "--port", f"{SERVICE[True]}:{HTTP2}"),
            *("--ready-http", f"{HTTP1}/100", "--skip-inbound-ports", inbound, "--", *nginx),
        ],
        env,
    )
    client = processes.start(
        "client",
        [
            *(*_HAUBERK, "run", "--name", "client", "--user", "nobody", "--workdir", "/"),
            *("--skip-outbound-ports", skipped, "--", "sleep", "infinity"),
        ],
        env,
    )
    pods = processes.wait("a ready workload", _ready_pods, _START_TIMEOUT_S)
    proxies = (_proxy(client), _proxy(server))
    for proxy in proxies:
        usage.pin(proxy, PROXY_CORE)
    for program in set(children(server)) - {proxies[1]}:
        usage.pin(program, LOAD_CORE)
    return Mesh(
        client=client,
        server=server,
        proxies=proxies,
        server_ip=pods["server"]["status"]["podIP"],
        service_ip=next(s["spec"]["clusterIP"] for s in _get("services") if s["metadata"]["name"] == "server"),
        control_plane=control_plane,
    )


def control_plane_mb(pid: int) -> float:
    return sum(usage.memory_mb(process)[0] for process in tree(pid))


def _ready_pods() -> dict[str, Any] | None:
    pods = {pod["metadata"]["labels"]["app"]: pod for pod in _get("pods")}
    ready = {name for name, pod in pods.items() if _is_ready(pod)}
    return pods if {"client", "server"} <= ready else None


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _get(kind: str) -> list[Any]:
    asked = subprocess.run([*_HAUBERK, "get", kind, "-o", "json"], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return []
    answer = json.loads(asked.stdout)
    return list(answer["items"]) if "items" in answer else [answer]


def _proxy(supervisor: int) -> int:
    return next(child for child in children(supervisor) if uid(child) == PROXY_UID)


def _folder() -> Path:
    """Where nginx works: its files, and room for what it writes."""
    nobody = pwd.getpwnam("nobody")
    folder = inside.FOLDER / "server"
    www = folder / "www"
    www.mkdir(parents=True)
    for size in SIZES:
        (www / str(size)).write_bytes(b"x" * size)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return folder


def _configuration() -> Path:
    """A copy that an unprivileged user can read, wherever the checkout is."""
    return Path(shutil.copy(_CONFIGURATION, inside.FOLDER / "nginx.conf"))
