"""A namespace moves over from another mesh of the same contract, under load.

The other one is an installation in the namespace `linkerd` with an authority of its own, which plays Linkerd's part:
its injector, its labels, its identities. As there, it knows nothing of the identities of the mesh beside it.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import yaml
from podkit import objects
from podkit.asking import CLIENT, ask, identity, ready
from podkit.kubectl import Kubectl, until
from podkit.load import loaded
from podkit.mesh import CONTROL, DEPLOYMENTS, INSTALL_TIMEOUT_S, Namespace, change, hauberk, would_be
from podkit.metrics import metric, metrics_of

OTHER = "linkerd"
LABEL = "mesh.test/of"
RATE = 100
ROOTS = "linkerd-identity-trust-roots"


def choosing(operator: str) -> dict[str, object]:
    requirement = {"key": LABEL, "operator": operator, "values": [OTHER]}
    return {"namespaceSelector": {"matchExpressions": [requirement]}}


@pytest.fixture(scope="module")
def both(kubectl: Kubectl, mesh: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two meshes that trust each other's roots; each looks after other namespaces."""
    folder = tmp_path_factory.mktemp("moving")
    ours, theirs = folder / "ours.yaml", folder / "theirs.yaml"
    ours.write_text(yaml.dump({"proxyInjector": choosing("NotIn"), "identity": {"fellowMeshes": [OTHER]}}))
    theirs.write_text(yaml.dump({"proxyInjector": choosing("In")}))
    alone = kubectl.get("configmap", ROOTS, "--namespace", mesh)["data"]
    change(kubectl, "--values", str(ours), namespace=mesh)
    try:
        installing = hauberk(kubectl, "install", "--ignore-cluster", "--namespace", OTHER, "--values", str(theirs))
        kubectl("apply", "--filename", "-", given=installing)
        kubectl.rolled_out(OTHER, *DEPLOYMENTS, timeout_s=INSTALL_TIMEOUT_S)
        share_roots(kubectl)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", "--filename", "-", given=hauberk(kubectl, "uninstall", "-n", OTHER))
        kubectl("patch", "configmap", ROOTS, "--namespace", mesh, "--patch", json.dumps({"data": alone}))
        change(kubectl, "--set", "identity=null,proxyInjector.namespaceSelector=null", namespace=mesh)


def share_roots(kubectl: Kubectl) -> None:
    found = {mesh: kubectl.get("configmap", ROOTS, "--namespace", mesh)["data"] for mesh in (CONTROL, OTHER)}
    (key,) = found[CONTROL]
    together = "".join(data[key] for data in found.values())
    for mesh in found:
        patch = json.dumps({"data": {key: together}})
        kubectl("patch", "configmap", ROOTS, "--namespace", mesh, "--patch", patch)


def take(kubectl: Kubectl, namespace: str, mesh: str) -> None:
    """From now on new pods of the namespace get the proxies of that mesh, which know both roots."""
    kubectl("label", "namespace", namespace, "--overwrite", f"{LABEL}={mesh}")
    until(f"new pods of {namespace} to be those of {mesh}", lambda: _taken(kubectl, namespace, mesh) or None)


def _taken(kubectl: Kubectl, namespace: str, mesh: str) -> bool:
    pod = would_be(kubectl, namespace)
    return "initContainers" in pod and mesh_of(json.loads(pod)) == mesh and pod.count("BEGIN CERTIFICATE") == 2


def mesh_of(pod: dict[str, dict[str, dict[str, str]]]) -> str:
    return pod["metadata"]["labels"]["linkerd.io/control-plane-ns"]


def test_a_namespace_moves_over_under_load(kubectl: Kubectl, both: None, namespace: Namespace) -> None:
    del both
    home, staying, gone_before = namespace(), namespace(), namespace()
    for name in (home, staying):
        take(kubectl, name, OTHER)
    take(kubectl, gone_before, CONTROL)
    server = objects.deployment("server", objects.spec(objects.server(), grace_s=20), replicas=2)
    kubectl.apply(*objects.placed([server, objects.service("server")], home))
    kubectl.apply(*objects.placed([objects.pod(CLIENT, objects.spec(objects.shell()))], gone_before))
    kubectl.rolled_out(home, "deployment/server")
    ready(kubectl, gone_before, CLIENT)

    asked(kubectl, gone_before, home, OTHER)
    with ExitStack() as stack:
        loads = [
            stack.enter_context(loaded(kubectl, where, f"http://server.{home}/", rate=RATE))
            for where in (staying, gone_before)
        ]
        take(kubectl, home, CONTROL)
        kubectl("rollout", "restart", "--namespace", home, "deployment/server")
        kubectl.rolled_out(home, "deployment/server")
    for load in loads:
        assert load.failures == {}, load.told
        assert load.seen["200"] > RATE
    pods = kubectl.get("pods", "--namespace", home, "--selector", "app=server")["items"]
    assert {mesh_of(pod) for pod in pods if "deletionTimestamp" not in pod["metadata"]} == {CONTROL}
    asked(kubectl, gone_before, home, CONTROL)


def asked(kubectl: Kubectl, client: str, home: str, mesh: str) -> None:
    """Who has moved over proves itself to servers on either side, and knows them by the identities of their mesh."""
    answer = ask(kubectl, client, f"http://server.{home}/")
    assert answer["client"] == identity("default", client)
    labels = {"direction": "outbound", "dst_service": "server", "tls": "true"}
    page = metrics_of(kubectl, client, CLIENT)
    assert metric(page, "response_total", **labels, server_id=identity("default", home, mesh)) > 0


def test_an_installation_that_would_inject_twice_is_refused(kubectl: Kubectl, mesh: str) -> None:
    del mesh
    with pytest.raises(AssertionError, match="would put a second proxy beside the same programs"):
        hauberk(kubectl, "install", "--namespace", OTHER)
