"""A request from a container with a shell, as a program there would make it."""

import json

from podkit.kubectl import Kubectl

CLIENT = "client"


def ready(kubectl: Kubectl, namespace: str, pod: str) -> None:
    kubectl("wait", "--namespace", namespace, f"pod/{pod}", "--for=condition=Ready", "--timeout=60s")


def ask(kubectl: Kubectl, namespace: str, url: str, pod: str = CLIENT) -> dict[str, str]:
    """What `server.py` answers. Raises KubectlFailed."""
    words = ["timeout", "10", "busybox", "wget", "-qO-", url]
    answer: dict[str, str] = json.loads(kubectl.exec(namespace, pod, "shell", ["busybox", *words]))
    return answer


def identity(account: str, namespace: str) -> str:
    return f"{account}.{namespace}.serviceaccount.identity.hauberk.cluster.local"
