"""A node is drained as for maintenance: its pods, those of the control plane among them, begin anew elsewhere."""

from collections.abc import Iterator

import pytest
from podkit import objects
from podkit.kubectl import Kubectl, until
from podkit.load import loaded
from podkit.mesh import CONTROL, DEPLOYMENTS, Namespace

RATE = 200
DRAINED, OTHER = "n2", "n1"


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> Iterator[str]:
    """A server of two pods, of which one has to be there."""
    name = namespace()
    of = objects.spec(objects.server(), grace_s=20)
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "server"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "server"}}},
    }
    server = objects.deployment("server", of, replicas=2)
    kubectl("cordon", OTHER)
    try:
        kubectl.apply(*objects.placed([budget, server, objects.service("server")], name))
        kubectl.rolled_out(name, "deployment/server")
    finally:
        kubectl("uncordon", OTHER)
    yield name
    kubectl("uncordon", DRAINED)


def test_a_drained_node_loses_no_request(kubectl: Kubectl, home: str) -> None:
    assert nodes(kubectl, home) == {DRAINED}
    with loaded(kubectl, home, "http://server/", rate=RATE, node=OTHER) as load:
        words = ("--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=90s")
        kubectl("drain", DRAINED, *words, timeout_s=100)
        kubectl.rolled_out(home, "deployment/server")
        until("all servers on the other node", lambda: nodes(kubectl, home) == {OTHER} or None)
        kubectl.rolled_out(CONTROL, *DEPLOYMENTS)
    assert load.failures == {}, load.told
    assert load.seen["200"] > RATE


def nodes(kubectl: Kubectl, namespace: str) -> set[str]:
    pods = kubectl.get("pods", "--namespace", namespace, "--selector", "app=server")["items"]
    return {pod["spec"]["nodeName"] for pod in pods}
