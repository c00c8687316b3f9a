"""A request from a container with a shell, as a program there would make it."""

import json

from hauberk.model.identity import identity_of
from podkit.kubectl import Kubectl, until
from podkit.mesh import CONTROL

CLIENT = "client"


def ready(kubectl: Kubectl, namespace: str, pod: str) -> None:
    kubectl("wait", "--namespace", namespace, f"pod/{pod}", "--for=condition=Ready", "--timeout=60s")


def ask(kubectl: Kubectl, namespace: str, url: str, pod: str = CLIENT) -> dict[str, str]:
    """What `server.py` answers. Raises KubectlFailed."""
    words = ["timeout", "10", "busybox", "wget", "-qO-", url]
    answer: dict[str, str] = json.loads(kubectl.exec(namespace, pod, "shell", ["busybox", *words]))
    return answer


def ask_until(kubectl: Kubectl, namespace: str, url: str, *, pods: int, pod: str = CLIENT) -> list[dict[str, str]]:
    """Answers of so many pods. Whoever was slow once is asked less until that is forgotten, so it may take seconds."""
    answers: list[dict[str, str]] = []

    def enough() -> list[dict[str, str]] | None:
        answers.append(ask(kubectl, namespace, url, pod))
        return answers if len({answer["pod"] for answer in answers}) >= pods else None

    return until(f"{pods} pods to answer for {url}", enough)


def reaches(kubectl: Kubectl, namespace: str, who: str, url: str) -> bool:
    """Whether it is answered with a success."""
    words = ["exec", "--namespace", namespace, who, "--container", "shell", "--", "busybox", "timeout", "5"]
    return kubectl.attempt(*words, "busybox", "wget", "-qO-", url).returncode == 0


def identity(account: str, namespace: str, mesh: str = CONTROL) -> str:
    return identity_of(account, namespace, mesh, "cluster.local")
