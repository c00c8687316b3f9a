"""A mesh on the test cluster, installed as a person would, and namespaces in it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from podkit import objects
from podkit.kubectl import Kubectl, until
from podkit.mesh import CONTROL, DEPLOYMENTS, INJECT, INSTALL_TIMEOUT_S, Namespace, hauberk, would_be

PROGRAMS = Path(__file__).parents[1] / "programs"


@cache
def cluster() -> Kubectl | None:
    """None where no cluster is up."""
    found = Kubectl(os.environ)
    there = found.program.exists() and found.attempt("version", timeout_s=10).returncode == 0
    return found if there else None


@cache
def installed(kubectl: Kubectl) -> str:
    """Returns the namespace of the control plane, which is ready; a new one for each run of tests."""
    if os.environ.get("HAUBERK_TEST_MESH") == "installed":
        return CONTROL  # somebody works at one test, and keeps what runs
    kubectl("delete", "namespace", CONTROL, "--ignore-not-found", timeout_s=INSTALL_TIMEOUT_S)
    crds = hauberk(kubectl, "install", "--crds")
    kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", given=crds)
    kubectl("wait", "--for=condition=Established", "crd", "--all", f"--timeout={INSTALL_TIMEOUT_S:.0f}s")
    kubectl("apply", "--filename", "-", given=hauberk(kubectl, "install", "--ignore-cluster"))
    kubectl.rolled_out(CONTROL, *DEPLOYMENTS, timeout_s=INSTALL_TIMEOUT_S)
    return CONTROL


@contextmanager
def namespaces(kubectl: Kubectl, prefix: str, *more: Path) -> Iterator[Namespace]:
    """Makes them, each with the programs of tests (`more`: folders of further ones), and ends them."""
    made: list[str] = []

    def make(annotations: Mapping[str, str] = INJECT) -> str:
        name = f"{prefix}-{len(made)}"
        kubectl("delete", "namespace", name, "--ignore-not-found")
        made.append(name)
        files = [path for folder in (PROGRAMS, *more) for path in folder.glob("*.py")]
        programs = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": objects.PROGRAMS, "namespace": name},
            "data": {path.name: path.read_text() for path in files},
        }
        kubectl.apply(objects.namespace(name, annotations), programs)
        # While it does not answer, the API server takes pods as they are: so it is for a moment after a test killed it.
        until("the injector to be asked", lambda: "initContainers" in would_be(kubectl, name) or None)
        return name

    yield make
    for name in made:
        kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")
