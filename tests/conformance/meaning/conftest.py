"""Each test runs on a machine with `hauberk up`, and on a cluster: a manifest means the same on both."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
sys.path[:0] = [str(HERE), str(TESTS / "integration" / "mesh"), str(TESTS / "kubernetes" / "mesh")]

from podkit import gateway_api  # noqa: E402 - found by the path above
from podkit.installed import cluster as cluster_of_tests  # noqa: E402
from podkit.installed import installed, namespaces  # noqa: E402
from stages import PROGRAMS, Stage, cluster, machine  # noqa: E402

# As for all tests with real proxies: a system call that the filter does not know ends the proxy.
os.environ.setdefault("HAUBERK_PROXY_SECCOMP", "kill")
ROOT = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces")]


@pytest.fixture(
    scope="session",
    params=[pytest.param("machine", marks=ROOT), pytest.param("cluster", marks=pytest.mark.kubernetes)],
)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "machine":
        with machine() as made:
            yield made
        return
    kubectl = cluster_of_tests()
    if kubectl is None:
        pytest.skip("no test cluster is up: make cluster")
    installed(kubectl)
    gateway_api.define(kubectl)
    with namespaces(kubectl, "meaning", PROGRAMS) as make:
        yield cluster(kubectl, make())
