"""Whatever of the control plane or of Kubernetes dies, the traffic between meshed pods goes on."""

from collections.abc import Callable

import pytest
from podkit import objects
from podkit.killing import cluster_up, kill_container, kill_daemon
from podkit.kubectl import Kubectl, until
from podkit.load import loaded
from podkit.mesh import CONTROL, DEPLOYMENTS, Namespace

RATE = 500
CONTAINERS = [
    ("identity", "identity"),
    ("identity", "linkerd-proxy"),
    ("destination", "destination"),
    ("destination", "linkerd-proxy"),
    ("proxy-injector", "proxy-injector"),
]


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    name = namespace()
    of = objects.spec(objects.server())
    kubectl.apply(*objects.placed([objects.deployment("server", of, replicas=2), objects.service("server")], name))
    kubectl.rolled_out(name, "deployment/server")
    return name


def restarts(kubectl: Kubectl, component: str, container: str) -> int:
    selector = f"linkerd.io/control-plane-component={component}"
    pods = kubectl.get("pods", "--namespace", CONTROL, "--selector", selector)["items"]
    found = [s["restartCount"] for pod in pods for s in pod["status"]["containerStatuses"] if s["name"] == container]
    return sum(found)


def test_killing_each_process_of_the_control_plane_fails_no_request(kubectl: Kubectl, home: str) -> None:
    with loaded(kubectl, home, "http://server/", rate=RATE) as load:
        for component, container in CONTAINERS:
            before = restarts(kubectl, component, container)
            selector = f"linkerd.io/control-plane-component={component}"
            assert kill_container(kubectl, CONTROL, selector, container) > 0
            started = _restarted(kubectl, component, container, before)
            until(f"{container} of {component} to start again", started)
        kubectl.rolled_out(CONTROL, *DEPLOYMENTS)
    assert load.failures == {}, load.told
    assert load.seen["200"] > RATE


def _restarted(kubectl: Kubectl, component: str, container: str, before: int) -> Callable[[], bool | None]:
    return lambda: restarts(kubectl, component, container) > before or None


@pytest.mark.parametrize("daemon", ["kube-apiserver", "etcd"])
def test_a_restart_of_kubernetes_itself_fails_no_request(kubectl: Kubectl, home: str, daemon: str) -> None:
    with loaded(kubectl, home, "http://server/", rate=RATE) as load:
        kill_daemon(daemon)
        cluster_up()
        # What changes afterwards is seen: nobody holds on to a connection that is dead.
        kubectl("scale", "--namespace", home, "deployment/server", "--replicas=3")
        kubectl.rolled_out(home, "deployment/server")
    assert load.failures == {}, load.told
    kubectl("scale", "--namespace", home, "deployment/server", "--replicas=2")
