"""`hauberk check` in front of a mesh that is well, and of one that is not."""

import json
import subprocess
import sys
from typing import Any

from podkit import objects
from podkit.kubectl import Kubectl, until
from podkit.mesh import Namespace

_TIMEOUT_S = 60.0


def check(kubectl: Kubectl, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document."""
    done = subprocess.run(
        [sys.executable, "-m", "hauberk.cli", "check", "--wait", "0", "--output", "json", *words],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        env=kubectl.environ,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def broken(document: dict[str, Any]) -> list[str]:
    """What the errors say."""
    checks = [check for category in document["categories"] for check in category["checks"]]
    return [check["error"] for check in checks if check["result"] == "error"]


def test_all_is_well(kubectl: Kubectl, mesh: str) -> None:
    code, document = check(kubectl, "--mesh-namespace", mesh)
    assert (code, document["success"], broken(document)) == (0, True, [])
    names = {category["categoryName"] for category in document["categories"]}
    assert {"kubernetes-api", "linkerd-existence", "linkerd-identity", "control-plane-version"} <= names


def test_a_second_installation_is_not_wanted(kubectl: Kubectl, mesh: str) -> None:
    code, document = check(kubectl, "--pre", "--mesh-namespace", mesh)
    assert code == 1
    assert any("installed already" in error for error in broken(document)), document


def test_a_proxy_that_does_not_get_ready_is_named(kubectl: Kubectl, mesh: str, namespace: Namespace) -> None:
    home = namespace()
    of = objects.spec(objects.shell())
    annotations = {"config.linkerd.io/proxy-image": "hauberk.test/none"}
    kubectl.apply(*objects.placed([objects.pod("stuck", of, annotations)], home))
    found = until(
        "the pod to be named",
        lambda: next((error for error in broken(check(kubectl, "-n", home)[1]) if "stuck" in error), None),
    )
    assert home in found or "stuck" in found
    assert check(kubectl, "-n", home, "--mesh-namespace", mesh)[0] == 1
