"""A real mesh of two workloads: the servers, and a program that sleeps, in whose network the load is made."""

import json
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import inside, policy, ports, usage
from bench.cases import SIZES, Protocol
from bench.control_plane import HAUBERK
from bench.processes import LOAD_CORE, PROXY_CORE, Processes, children, uid
from hauberk.host.user import PROXY_UID

_CONFIGURATION = Path(__file__).resolve().parent / "programs" / "nginx.conf"
BODY = 100_000_000
"""Bytes of the body that is sent over a long way."""
_START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Mesh:
    """A pair of workloads."""

    client: int
    """The process id of a workload's supervisor, which is in its network."""
    server: int
    proxies: tuple[int, int]
    server_ip: str
    service_ip: str

    @property
    def supervisor_mb(self) -> float:
        """Resident memory of what stands beside a program and its proxy."""
        return max(usage.memory_mb(self.client)[0], usage.memory_mb(self.server)[0])


def start(processes: Processes, name: str, binary: Path, other_proxy: Path | None = None) -> Mesh:
    """Starts the workloads NAME-server and NAME-client. Returns once both are ready."""
    env = {"HAUBERK_PROXY_BINARY": str(binary)}
    named = ("--proxy-binary", str(other_proxy)) if other_proxy else ()
    skipped = ",".join(map(str, ports.DIRECT.values()))
    policy.apply(f"{name}-server", f"{name}-client")
    inbound = f"{skipped},{ports.RELAYED.start}-{ports.RELAYED.stop - 1}"
    pairs = [*((ports.SERVICE[p], ports.BEHIND[p]) for p in Protocol), *((n, n) for n in (ports.OPAQUE, ports.FAR))]
    server = processes.start(
        f"{name}-server",
        [
            *(*HAUBERK, "run", "--name", f"{name}-server", "--user", "nobody", "--workdir", str(_folder(name)), *named),
            *(word for service, port in pairs for word in ("--port", f"{service}:{port}")),
            *("--ready-http", f"{ports.BEHIND[Protocol.HTTP1]}/100", "--skip-inbound-ports", inbound),
            *("--", "sh", "-c", _servers()),
        ],
        env,
    )
    client = processes.start(
        f"{name}-client",
        [
            *(*HAUBERK, "run", "--name", f"{name}-client", "--user", "nobody", "--workdir", "/", *named),
            *("--skip-outbound-ports", skipped, "--", "sleep", "infinity"),
        ],
        env,
    )
    found = (f"{name}-client", f"{name}-server")
    pods = processes.wait("a ready workload", lambda: _ready_pods(found), _START_TIMEOUT_S)
    proxies = (_proxy(client), _proxy(server))
    for proxy in proxies:
        usage.pin(proxy, PROXY_CORE)
    server_ip = pods[f"{name}-server"]["status"]["podIP"]
    service_ip = next(s["spec"]["clusterIP"] for s in _get("services") if s["metadata"]["name"] == f"{name}-server")
    policy.confirm(f"{name}-server", client, server, f"{service_ip}:{ports.SERVICE[Protocol.HTTP1]}")
    return Mesh(client=client, server=server, proxies=proxies, server_ip=server_ip, service_ip=service_ip)


def _servers() -> str:
    """All servers of a workload, on the load's core; nginx is the one that its life depends on."""
    grpc, tcp = (
        " ".join(f"0.0.0.0:{table[p]}" for table in (ports.BEHIND, ports.DIRECT)) for p in (Protocol.GRPC, Protocol.TCP)
    )
    run = f"taskset -c {LOAD_CORE}"
    return (
        f"ulimit -n $(ulimit -H -n); {run} {inside.BIN}/grpc {grpc} & {run} {inside.BIN}/stream serve {tcp} & "
        f"exec {run} nginx -p . -e stderr -c {inside.FOLDER}/nginx.conf"
    )


def _ready_pods(names: tuple[str, ...]) -> dict[str, Any] | None:
    pods = {pod["metadata"]["labels"]["app"]: pod for pod in _get("pods")}
    return pods if all(name in pods and _is_ready(pods[name]) for name in names) else None


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _get(kind: str) -> list[Any]:
    asked = subprocess.run([*HAUBERK, "get", kind, "-o", "json"], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return []
    answer = json.loads(asked.stdout)
    return list(answer["items"]) if "items" in answer else [answer]


def _proxy(supervisor: int) -> int:
    return next(child for child in children(supervisor) if uid(child) == PROXY_UID)


def _folder(name: str) -> Path:
    """Where nginx works: its files, and room for what it writes. Beside it a configuration that it can read."""
    nobody = pwd.getpwnam("nobody")
    folder = inside.FOLDER / f"{name}-server"
    www = folder / "www"
    www.mkdir(parents=True)
    for size in SIZES:
        (www / str(size)).write_bytes(b"x" * size)
    with (www / str(BODY)).open("wb") as body:
        body.truncate(BODY)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    shutil.copy(_CONFIGURATION, inside.FOLDER / "nginx.conf")
    return folder
