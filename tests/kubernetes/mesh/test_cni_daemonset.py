"""The redirect is written by a plugin on the node, which a DaemonSet puts there; no pod has a right for it.

On this cluster each node has a folder of its own for its network's configuration, so the DaemonSet is kept to one node;
the other one is a node that the plugin has not reached.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from podkit import objects
from podkit.asking import CLIENT, ask, identity, ready
from podkit.checking import check, wrong
from podkit.kubectl import Kubectl, until
from podkit.mesh import CONTROL, DEPLOYMENTS, Namespace, change, hauberk, prune, would_be

from cluster import plugin
from cluster.cluster import of
from cluster.places import Places

WITH, WITHOUT = "n1", "n2"
PLUGIN = "hauberk-cni"
SPACE = f"{CONTROL}-cni"
NOT_REDIRECTED = 95


def on(node: str) -> dict[str, Any]:
    return {"nodeSelector": {"kubernetes.io/hostname": node}}


def places() -> Places:
    return of(os.environ, lambda _: None).places


@pytest.fixture(scope="module")
def manifests(kubectl: Kubectl, mesh: str) -> Iterator[str]:
    """Of a mesh with the plugin."""
    settings = plugin.settings(places(), 1)
    yield plugin.on_node(hauberk(kubectl, "upgrade", "--namespace", mesh, "--set", settings), WITH)
    change(kubectl, "--set", "cni=null", namespace=mesh)
    prune(kubectl, mesh)
    until("the network's configuration to be as it was", lambda: PLUGIN not in configuration() or None)


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, manifests: str, namespace: Namespace) -> str:
    install(kubectl, manifests)
    name = namespace()
    server = objects.deployment("server", objects.spec(objects.server(), **on(WITH)))
    client = objects.pod(CLIENT, objects.spec(objects.shell(), **on(WITH)))
    kubectl.apply(*objects.placed([server, objects.service("server"), client], name))
    kubectl.rolled_out(name, "deployment/server")
    ready(kubectl, name, CLIENT)
    return name


def install(kubectl: Kubectl, manifests: str) -> None:
    kubectl("apply", "--filename", "-", given=manifests)
    kubectl.rolled_out(CONTROL, *DEPLOYMENTS)
    kubectl.rolled_out(SPACE, "daemonset/linkerd-cni")
    until("new pods to rely on it", lambda: "VALIDATE_REDIRECT" in would_be(kubectl, "default") or None)


def configuration() -> str:
    """What the node's runtime reads first."""
    folder = places().node(1) / "cni"
    return min(path for path in folder.iterdir() if path.suffix in (".conf", ".conflist")).read_text()


def test_pods_are_in_the_mesh_without_a_right_on_their_network(kubectl: Kubectl, home: str) -> None:
    assert PLUGIN in configuration()
    pod = kubectl.get("pod", CLIENT, "--namespace", home)
    assert [container["name"] for container in pod["spec"]["initContainers"]] == ["linkerd-proxy"]
    for container in (*pod["spec"]["initContainers"], *pod["spec"]["containers"]):
        assert "add" not in container.get("securityContext", {}).get("capabilities", {})
    assert ask(kubectl, home, "http://server/")["client"] == identity("default", home)


def test_who_asks_is_told_of_the_node_without_it(kubectl: Kubectl, home: str) -> None:
    code, checks = check(kubectl, "--namespace", home, "--wait", "2m")
    assert (code, set(wrong(checks))) == (0, {"every node has the CNI plugin"})
    assert checks["every node has the CNI plugin"]["error"] == WITHOUT
    assert checks["the CNI plugin's pods are ready"]["result"] == "success"


def test_a_pod_that_the_plugin_did_not_see_does_not_start(kubectl: Kubectl, home: str) -> None:
    classic = {"config.linkerd.io/proxy-enable-native-sidecar": "false"}
    for name, annotations in (("bare", {}), ("classic", classic)):
        pod = objects.pod(name, objects.spec(objects.shell(), **on(WITHOUT)), annotations)
        kubectl.apply(*objects.placed([pod], home))
    assert until("the proxy to refuse it", lambda: refusal(kubectl, home, "bare"))["exitCode"] == NOT_REDIRECTED
    assert until("the validator to refuse it", lambda: refusal(kubectl, home, "classic"))["exitCode"] != 0
    for name in ("bare", "classic"):
        assert kubectl.get("pod", name, "--namespace", home)["status"]["phase"] != "Running"


def test_pods_that_began_before_the_plugin_are_made_anew(kubectl: Kubectl, home: str, manifests: str) -> None:
    kubectl("delete", "daemonset", "linkerd-cni", "--namespace", SPACE, "--wait")
    until("the plugin to be gone", lambda: PLUGIN not in configuration() or None)
    raced = objects.deployment("raced", objects.spec(objects.server(), **on(WITH)))
    kubectl.apply(*objects.placed([raced], home))
    pod = until("a pod", lambda: next(iter(pods(kubectl, home, "raced")), None))
    until("its proxy to refuse it", lambda: refusal(kubectl, home, pod))
    install(kubectl, manifests)
    until("it to be deleted", lambda: pod not in pods(kubectl, home, "raced") or None)
    kubectl.rolled_out(home, "deployment/raced")


def pods(kubectl: Kubectl, namespace: str, app: str) -> list[str]:
    items = kubectl.get("pods", "--namespace", namespace, "--selector", f"app={app}")["items"]
    return [pod["metadata"]["name"] for pod in items]


def refusal(kubectl: Kubectl, namespace: str, pod: str) -> dict[str, Any] | None:
    """How the one that looks whether it is redirected ended, if it did."""
    statuses = kubectl.get("pod", pod, "--namespace", namespace)["status"].get("initContainerStatuses", [])
    for status in statuses:
        for state in (status["state"], status.get("lastState", {})):
            if "terminated" in state:
                found: dict[str, Any] = state["terminated"]
                return found
    return None
