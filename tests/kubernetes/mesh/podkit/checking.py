"""`hauberk check`, as a program reads it."""

import json

from podkit.kubectl import Kubectl
from podkit.mesh import attempt

TIMEOUT_S = 180.0

Checks = dict[str, dict[str, str]]
"""By description."""


def check(kubectl: Kubectl, *words: str) -> tuple[int, Checks]:
    """The exit code, and the checks."""
    asked = ("check", "--kubeconfig", str(kubectl.config), "-o", "json", *words)
    done = attempt(kubectl, *asked, timeout_s=TIMEOUT_S)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["success"] is (done.returncode == 0)
    return done.returncode, {
        each["description"]: each for category in report["categories"] for each in category["checks"]
    }


def wrong(checks: Checks) -> Checks:
    return {description: each for description, each in checks.items() if each["result"] != "success"}
