"""The mesh that is installed, and the namespaces of tests in it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from podkit import objects
from podkit.kubectl import Kubectl

CONTROL = "hauberk"
DEPLOYMENTS = ("deployment/linkerd-identity", "deployment/linkerd-destination", "deployment/linkerd-proxy-injector")
INJECT: Mapping[str, str] = MappingProxyType({"linkerd.io/inject": "enabled"})
INSTALL_TIMEOUT_S = 60.0

Namespace = Callable[..., str]
"""`namespace(annotations)`: a new one, whose pods are injected unless its annotations say otherwise."""


def attempt(kubectl: Kubectl, *words: str, timeout_s: float = INSTALL_TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    """The command, called by a person with all rights to the cluster."""
    return subprocess.run(
        [sys.executable, "-m", "hauberk.cli", *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=kubectl.environ,
        check=False,
    )


def hauberk(kubectl: Kubectl, *words: str) -> str:
    """What the command prints."""
    done = attempt(kubectl, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def change(kubectl: Kubectl, *words: str, namespace: str = CONTROL) -> None:
    """`hauberk upgrade` with these words, and back with none."""
    kubectl("apply", "--filename", "-", given=hauberk(kubectl, "upgrade", "--namespace", namespace, *words))
    kubectl.rolled_out(namespace, *DEPLOYMENTS, timeout_s=INSTALL_TIMEOUT_S)


def prune(kubectl: Kubectl, namespace: str = CONTROL) -> str:
    """Delete what is no longer of the installation; returns what that was."""
    found = hauberk(kubectl, "prune", "--namespace", namespace).strip()
    if found:
        kubectl("delete", "--filename", "-", given=found)
    return found


def address_of(kubectl: Kubectl, component: str, namespace: str = CONTROL) -> str:
    """Of one of a component's pods; the machine has routes to them."""
    selector = f"linkerd.io/control-plane-component={component}"
    pods = kubectl.get("pods", "--namespace", namespace, "--selector", selector)["items"]
    return next(pod["status"]["podIP"] for pod in pods if "deletionTimestamp" not in pod["metadata"])


def would_be(kubectl: Kubectl, namespace: str) -> str:
    """A pod that asks for a proxy, as the API server would have it now; empty if it would refuse it."""
    asking = objects.pod("would-be", objects.spec(objects.shell()), {"linkerd.io/inject": "enabled"})
    words = ("create", "--dry-run=server", "--output", "json", "--filename", "-")
    return kubectl.attempt(*words, given=json.dumps(objects.placed([asking], namespace)[0])).stdout
