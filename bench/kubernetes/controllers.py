"""The control plane's own processes: their memory, and how soon they serve."""

import asyncio
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.kubernetes.mesh import COMPONENTS, NAMESPACE, POD, Mesh
from bench.kubernetes.question import Answered
from cluster import groups
from hauberk.client.api import Selector

READY_S, IDLE_MB = 3.0, 200.0
_PORTS = {"identity": 9990, "destination": 9996, "proxy-injector": 9995}
_TIMEOUT_S = 60.0
_STEP_S = 0.02


async def idle(mesh: Mesh) -> list[Answered]:
    """Resident memory of each component's program, its helpers included."""
    found = []
    for component in COMPONENTS:
        pod = (await _pods(mesh, component))[0]
        resident = sum(_resident_mb(pid) for pid in groups.of_container(_container(pod, component)))
        found.append(Answered(what=f"memory of {component}, idle", value=resident, unit="MB", goal=IDLE_MB))
    return found


async def begun(mesh: Mesh) -> list[Answered]:
    """From the start of the process to its first answer that it is ready; of a new pod each."""
    found = []
    for component in COMPONENTS:
        old = {pod["metadata"]["name"] for pod in await _pods(mesh, component)}
        mesh.kubectl("delete", "pod", "--namespace", NAMESPACE, "--wait=false", *sorted(old))
        async with asyncio.timeout(_TIMEOUT_S):
            pod = await _new(mesh, component, old)
            took = await _serving(pod, component)
        found.append(Answered(what=f"{component} serves after its start", value=took, unit="s", goal=READY_S))
        await mesh.ready()
    return found


async def _new(mesh: Mesh, component: str, old: set[str]) -> dict[str, Any]:
    """A pod that has not been there, whose program runs."""
    while True:
        for pod in await _pods(mesh, component):
            if pod["metadata"]["name"] not in old and pod["status"].get("podIP") and _container(pod, component):
                return pod
        await asyncio.sleep(_STEP_S)


async def _serving(pod: dict[str, Any], component: str) -> float:
    url = f"http://{pod['status']['podIP']}:{_PORTS[component]}/ready"
    while not await asyncio.to_thread(_is_ready, url):  # noqa: ASYNC110 - another process's
        await asyncio.sleep(_STEP_S)
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return now - min(_started(pid) for pid in groups.of_container(_container(pod, component)))


async def _pods(mesh: Mesh, component: str) -> list[dict[str, Any]]:
    selector = Selector(labels=f"linkerd.io/control-plane-component={component}")
    return list((await mesh.client.list(POD, namespace=NAMESPACE, selector=selector)).items)


def _container(pod: dict[str, Any], component: str) -> str:
    for status in pod["status"].get("containerStatuses", []):
        if status["name"] == component and "running" in status["state"]:
            return str(status["containerID"]).removeprefix("containerd://")
    return ""


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - http, made above
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _started(pid: int) -> float:
    """Seconds since the machine was booted (proc(5), `starttime`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
