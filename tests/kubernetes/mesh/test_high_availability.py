"""Three replicas of the control plane on two nodes: most of them are lost, or a node, and the traffic goes on."""

from collections.abc import Iterator

import pytest
from podkit import objects
from podkit.checking import check, wrong
from podkit.killing import cut_node, join_node
from podkit.kubectl import Kubectl, until
from podkit.load import CONNECTIONS, loaded
from podkit.mesh import CONTROL, Namespace, change, prune

RATE = 500
COMPONENTS = ("identity", "destination", "proxy-injector")
LOST = "n2"


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, mesh: str, namespace: Namespace) -> Iterator[str]:
    """A server on each node."""
    change(kubectl, "--ha", namespace=mesh)
    name = namespace()
    apart = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}
    selector = {"labelSelector": {"matchLabels": {"app": "server"}}}
    of = objects.spec(objects.server(), topologySpreadConstraints=[{**apart, **selector}])
    kubectl.apply(*objects.placed([objects.deployment("server", of, replicas=2), objects.service("server")], name))
    kubectl.rolled_out(name, "deployment/server")
    yield name
    change(kubectl, "--set", without_ha(), namespace=mesh)
    prune(kubectl, mesh)


def without_ha() -> str:
    """What `--ha` set."""
    names = ("controllerReplicas", "highAvailability", "controllerResources", "proxy.resources")
    return ",".join(f"{name}=null" for name in (*names, "proxyInjector.failurePolicy", "policyValidator.failurePolicy"))


def test_all_is_well_with_it(kubectl: Kubectl, home: str) -> None:
    code, checks = check(kubectl, "--namespace", home, "--wait", "2m")
    assert (code, wrong(checks)) == (0, {})
    assert {"3 replicas of everything are ready", "replicas are on different nodes"} <= set(checks)


def test_the_loss_of_two_of_three_replicas_loses_no_request(kubectl: Kubectl, home: str) -> None:
    with loaded(kubectl, home, "http://server/", rate=RATE) as load:
        for component in COMPONENTS:
            pods = running(kubectl, component)
            assert len(pods) == 3
            kubectl("delete", "pod", "--namespace", CONTROL, "--force", "--grace-period=0", *pods[:2])
        # Who begins now is injected, certified and told where everybody is.
        kubectl("scale", "--namespace", home, "deployment/server", "--replicas=4")
        kubectl.rolled_out(home, "deployment/server")
        for component in COMPONENTS:
            until(f"three of {component}", lambda c=component: len(running(kubectl, c)) == 3 or None)
    assert load.failures == {}, load.told
    assert load.seen["200"] > RATE
    pods = kubectl.get("pods", "--namespace", home, "--selector", "app=server")["items"]
    assert len(pods) == 4
    assert all(len(pod["spec"].get("initContainers", [])) == 2 for pod in pods)


def running(kubectl: Kubectl, component: str) -> list[str]:
    """Names of the component's pods that are ready and have not been told to end."""
    selector = f"linkerd.io/control-plane-component={component}"
    pods = kubectl.get("pods", "--namespace", CONTROL, "--selector", selector)["items"]
    return [pod["metadata"]["name"] for pod in pods if _is_ready(pod)]


def _is_ready(pod: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    conditions = {condition["type"]: condition["status"] for condition in pod["status"].get("conditions", [])}
    return "deletionTimestamp" not in pod["metadata"] and conditions.get("Ready") == "True"


def test_the_loss_of_a_node_fails_no_more_than_was_in_flight_to_it(kubectl: Kubectl, home: str) -> None:
    """It falls silent: nobody is told that its connections are over."""
    with loaded(kubectl, home, "http://server/", rate=RATE, node="n1") as load:
        cut_node(2)
        try:
            until(f"{LOST} to be given up", lambda: _given_up(kubectl) or None, timeout_s=120)
            until("its endpoints to be gone", lambda: _away(kubectl, home) or None)
        finally:
            join_node(2)
            kubectl("wait", f"node/{LOST}", "--for=condition=Ready", "--timeout=60s")
    assert sum(load.failures.values()) <= CONNECTIONS, load.told
    assert load.seen["200"] > RATE


def _given_up(kubectl: Kubectl) -> bool:
    conditions = kubectl.get("node", LOST)["status"]["conditions"]
    return any(c["type"] == "Ready" and c["status"] != "True" for c in conditions)


def _away(kubectl: Kubectl, namespace: str) -> bool:
    """Whether no endpoint on the lost node is called ready."""
    selector = "kubernetes.io/service-name=server"
    slices = kubectl.get("endpointslices", "--namespace", namespace, "--selector", selector)["items"]
    endpoints = [endpoint for each in slices for endpoint in each["endpoints"]]
    return not any(e["nodeName"] == LOST and e["conditions"]["ready"] for e in endpoints)
