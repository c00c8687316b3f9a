"""Ends processes of the test cluster as a crash does: by SIGKILL."""

import os
import signal
import subprocess
import sys

from cluster import addresses, groups
from cluster.cluster import of
from podkit.kubectl import Kubectl

_UP_TIMEOUT_S = 120.0


def kill_container(kubectl: Kubectl, namespace: str, selector: str, container: str) -> int:
    """Kill all processes of this container in all pods that the selector picks; returns how many there were."""
    pods = kubectl.get("pods", "--namespace", namespace, "--selector", selector)["items"]
    statuses = [s for pod in pods for s in pod["status"]["containerStatuses"] if s["name"] == container]
    killed = 0
    for status in statuses:
        for pid in groups.of_container(status["containerID"].removeprefix("containerd://")):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def kill_daemon(name: str) -> None:
    """One of the cluster's own programs, such as `kube-apiserver`."""
    running = of(os.environ, lambda _: None).daemons.running(name)
    assert running is not None, f"{name} does not run"
    running.send(signal.SIGKILL)


def cut_node(number: int) -> None:
    """From one moment to the next nothing comes from this node, nor gets there."""
    _cable(number, "down")


def join_node(number: int) -> None:
    _cable(number, "up")


def _cable(number: int, state: str) -> None:
    subprocess.run(["ip", "link", "set", addresses.link(number), state], check=True, timeout=_UP_TIMEOUT_S)


def cluster_up() -> None:
    """Starts again what was killed, and waits until all is well."""
    words = [sys.executable, "-m", "cluster", "up"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_UP_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
