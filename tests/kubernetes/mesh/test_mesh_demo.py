"""The demo, as a person would start it, without the person."""

import subprocess
import sys

from podkit.kubectl import Kubectl

NAMESPACE = "mesh-demo"
_TIMEOUT_S = 300.0


def test_the_demo_keeps_its_promises_and_leaves_nothing(kubectl: Kubectl, mesh: str) -> None:
    words = ["demo", "--kubernetes", "--once", "--namespace", NAMESPACE, "--mesh-namespace", mesh]
    done = subprocess.run(
        [sys.executable, "-m", "hauberk.cli", *words],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        env=kubectl.environ,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert kubectl.attempt("get", "namespace", NAMESPACE).returncode != 0
