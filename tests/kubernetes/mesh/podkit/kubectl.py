"""kubectl, as a person would use it on the test cluster."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cluster.cluster import of
from cluster.identities import ADMIN

T = TypeVar("T")
_TIMEOUT_S = 60.0
_STEP_S = 0.1
_SHOWN = 4000


class KubectlFailed(AssertionError):
    """What kubectl said."""


class Kubectl:
    """One cluster, with all rights to it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        places = of(environ, lambda _: None).places
        self.program = places.bin / "kubectl"
        self.config = places.kubeconfig(ADMIN)
        self.environ = {**environ, "KUBECONFIG": str(self.config)}

    def __call__(self, *words: str, given: str | None = None, timeout_s: float = _TIMEOUT_S) -> str:
        """Return what it prints. Raises KubectlFailed."""
        done = self.attempt(*words, given=given, timeout_s=timeout_s)
        if done.returncode != 0:
            raise KubectlFailed(f"kubectl {' '.join(words)}: {(done.stdout + done.stderr)[-_SHOWN:]}")
        return done.stdout

    def attempt(
        self, *words: str, given: str | None = None, timeout_s: float = _TIMEOUT_S
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=self.environ,
            check=False,
        )

    def apply(self, *documents: Mapping[str, Any]) -> None:
        self("apply", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))

    def get(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("get", *words, "--output", "json"))
        return found

    def exec(self, namespace: str, pod: str, container: str, command: Sequence[str]) -> str:
        return self("exec", "--namespace", namespace, pod, "--container", container, "--", *command)

    def rolled_out(self, namespace: str, *workloads: str, timeout_s: float = _TIMEOUT_S) -> None:
        """Returns when they are ready. Raises KubectlFailed, with what the pods say of themselves."""
        for workload in workloads:
            words = ("rollout", "status", "--namespace", namespace, workload, f"--timeout={timeout_s:.0f}s")
            done = self.attempt(*words, timeout_s=timeout_s + 10)
            if done.returncode != 0:
                raise KubectlFailed(f"{workload} is not rolled out: {done.stderr}\n{self.told(namespace)}")

    def told(self, namespace: str) -> str:
        """What a person would look at when something does not start."""
        pods = self.attempt("get", "pods", "--namespace", namespace, "--output", "wide").stdout
        events = self.attempt("get", "events", "--namespace", namespace, "--sort-by", ".lastTimestamp").stdout
        logs = self.attempt(
            *("logs", "--namespace", namespace, "--selector", "", "--all-containers", "--prefix", "--tail", "20")
        ).stdout
        return f"{pods}\n{events[-_SHOWN:]}\n{logs[-_SHOWN:]}"


def until(what: str, look: Callable[[], T | None], timeout_s: float = _TIMEOUT_S) -> T:
    """Return what `look` finds. Raises AssertionError when the time is over."""
    end = time.monotonic() + timeout_s
    while (found := look()) is None:
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain for {what}")
        time.sleep(_STEP_S)
    return found
