"""From manifests that an earlier state of the project printed, frozen since, to those of today, under load."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from podkit import objects
from podkit.kubectl import Kubectl
from podkit.load import loaded
from podkit.mesh import CONTROL, DEPLOYMENTS, Namespace, change, prune

from cluster.mesh import CONTROLLER, PROXY

RATE = 200
FROZEN = Path(__file__).parent / "frozen" / "first.yaml"
"""`hauberk install --set controllerLogLevel=warning`. The programs in it are today's: a state whose rights are not
enough for them is none to begin from, and a newer one is frozen then."""
ROOTS = "linkerd-identity-trust-roots"
STALE = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {
        "name": "linkerd-of-old",
        "namespace": CONTROL,
        "labels": {"linkerd.io/control-plane-ns": CONTROL, "linkerd.io/control-plane-component": "old"},
    },
}
"""What an earlier state had and this one has not."""


@pytest.fixture
def earlier(kubectl: Kubectl, mesh: str) -> Iterator[str]:
    """Returns the namespace of a mesh as it was installed then, with images of today: there are no others."""
    manifests = FROZEN.read_text()
    for image in (CONTROLLER, PROXY):
        name = image.rpartition(":")[0]
        manifests = re.sub(rf"{re.escape(name)}:\S+", image, manifests)
    kubectl("apply", "--filename", "-", given=manifests)
    kubectl.apply(STALE)
    kubectl.rolled_out(CONTROL, *DEPLOYMENTS)
    yield mesh
    change(kubectl, "--set", "controllerLogLevel=null", namespace=mesh)


def test_an_upgrade_loses_no_request_nor_what_was_chosen(kubectl: Kubectl, earlier: str, namespace: Namespace) -> None:
    home = namespace()
    server = objects.deployment("server", objects.spec(objects.server()), replicas=2)
    kubectl.apply(*objects.placed([server, objects.service("server")], home))
    kubectl.rolled_out(home, "deployment/server")
    roots = kubectl.get("configmap", ROOTS, "--namespace", earlier)["data"]
    with loaded(kubectl, home, "http://server/", rate=RATE) as load:
        change(kubectl, namespace=earlier)
        # Who begins now has a certificate of the same authority.
        kubectl("rollout", "restart", "--namespace", home, "deployment/server")
        kubectl.rolled_out(home, "deployment/server")
    assert load.failures == {}, load.told
    assert kubectl.get("configmap", ROOTS, "--namespace", earlier)["data"] == roots
    values = yaml.safe_load(kubectl.get("configmap", "linkerd-config", "--namespace", earlier)["data"]["values"])
    assert values["controllerLogLevel"] == "warning"


def test_what_is_of_old_is_pruned_and_nothing_else(kubectl: Kubectl, earlier: str) -> None:
    change(kubectl, namespace=earlier)
    pruned = prune(kubectl, earlier)
    assert [document["metadata"]["name"] for document in yaml.safe_load_all(pruned)] == ["linkerd-of-old"]
    assert prune(kubectl, earlier) == "", "it is gone"
