"""The Gateway API's own: its definitions, and the suite that says who conforms to it."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cluster.cluster import of
from cluster.places import SOURCES
from podkit.kubectl import Kubectl

_MODULE = "sigs.k8s.io/gateway-api"
_DOWNLOAD_TIMEOUT_S = 120.0
_SUITE_TIMEOUT_S = 300


def define(kubectl: Kubectl) -> None:
    """The standard channel's definitions, of the version that the suite is of."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", _MODULE],
        cwd=SOURCES / "go" / "gateway",
        capture_output=True,
        timeout=_DOWNLOAD_TIMEOUT_S,
        check=True,
    )
    folder = Path(json.loads(done.stdout)["Dir"]) / "config" / "crd" / "standard"
    kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(folder))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")


def run_suite(kubectl: Kubectl, features: Sequence[str], report: Path) -> subprocess.CompletedProcess[str]:
    """Both profiles of a mesh. What it finds is in `report`, which is YAML."""
    program = of({}, lambda _: None).places.bin / "gateway-conformance"
    return subprocess.run(
        [
            program,
            f"--kubeconfig={kubectl.config}",
            "--mesh-name=hauberk",
            "--conformance-profiles=MESH-HTTP,MESH-GRPC",
            f"--supported-features={','.join(features)}",
            "--namespace-annotations=linkerd.io/inject=enabled",
            *("--organization=hauberk", "--project=hauberk", "--version=0.1.0", "--contact=MAINTAINERS.md"),
            "--url=https://github.com/hauberk/hauberk",
            f"--report-output={report}",
            "--test.v",
            f"--test.timeout={_SUITE_TIMEOUT_S}s",
        ],
        capture_output=True,
        text=True,
        timeout=_SUITE_TIMEOUT_S + 30,
        check=False,
    )
