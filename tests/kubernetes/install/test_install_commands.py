"""`hauberk install`, `upgrade`, `prune` and `uninstall` against a real API server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from apikit.server import ApiServer, an_api_server
from person import Person

from hauberk.install.objects import MADE, NAMESPACE, RENDERED

LABEL = "linkerd.io/control-plane-ns"
APPLY = ("apply", "--server-side", "--filename", "-")
MUTATING = "mutatingwebhookconfiguration/linkerd-hauberk-proxy-injector"


@pytest.fixture(scope="module")
def server(bare: ApiServer) -> Iterator[ApiServer]:
    """One of its own: who else is installed matters here."""
    del bare
    with an_api_server() as server:
        yield server


@pytest.fixture(scope="module")
def definitions(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The kinds of resources, which the cluster knows."""
    person = Person(server, tmp_path_factory.mktemp("definitions"))
    said = person.hauberk("install", "--crds")
    assert said.code == 0, said.err
    person.kubectl(*APPLY, given=said.out)
    return said.out


@pytest.fixture
def person(server: ApiServer, definitions: str, tmp_path: Path) -> Iterator[Person]:
    del definitions
    found = Person(server, tmp_path)
    yield found
    kinds = ",".join(str(kind) for kind in dict.fromkeys((*RENDERED, *MADE)) if kind is not NAMESPACE)
    found.kubectl("delete", kinds, "--all-namespaces", "--selector", LABEL, "--ignore-not-found")
    found.kubectl("label", "namespace", "--all", f"{LABEL}-")
    found.kubectl("delete", "pods", "--all-namespaces", "--selector", LABEL, "--ignore-not-found", "--force")


def install(person: Person, *words: str) -> None:
    said = person.hauberk("install", *words)
    assert said.code == 0, said.err
    person.apply(said.out)


def keys(person: Person) -> None:
    """What the controllers make at their first start."""
    labels = {LABEL: "hauberk", "linkerd.io/control-plane-component": "identity"}
    for kind, name in (("Secret", "linkerd-identity-root"), ("ConfigMap", "linkerd-identity-trust-roots")):
        metadata = {"name": name, "namespace": "hauberk", "labels": labels}
        person.apply(json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {}}))


def test_without_the_kinds_it_is_refused(person: Person, definitions: str) -> None:
    person.kubectl("delete", "crd", "servers.policy.linkerd.io")
    said = person.hauberk("install")
    assert (said.code, said.out) == (1, "")
    assert "the cluster does not know servers.policy.linkerd.io" in said.err
    assert "hauberk install --crds | kubectl apply" in said.err
    person.kubectl(*APPLY, given=definitions)


def test_a_second_installation_is_refused(person: Person) -> None:
    install(person)
    again, elsewhere = person.hauberk("install"), person.hauberk("install", "-n", "mesh-2")
    assert (again.code, again.out) == (1, "")
    assert "a mesh is installed already in the namespace hauberk" in again.err
    assert "hauberk upgrade -n hauberk" in again.err
    assert (elsewhere.code, elsewhere.out) == (1, "")
    assert "Hauberk is installed already in the namespace hauberk" in elsewhere.err
    assert person.hauberk("install", "--ignore-cluster").code == 0


def test_another_injector_is_refused_until_the_cluster_is_divided(person: Person) -> None:
    theirs = person.hauberk("install", "--ignore-cluster", "-n", "linkerd")
    webhook = next(each for each in theirs.objects if each["kind"] == "MutatingWebhookConfiguration")
    person.apply(json.dumps(webhook))
    assert "would put a second proxy beside the same programs" in person.hauberk("install").err
    webhook["webhooks"][0]["namespaceSelector"]["matchExpressions"].append({"key": "new", "operator": "DoesNotExist"})
    person.apply(json.dumps(webhook))
    place = "proxyInjector.namespaceSelector.matchExpressions[0]"
    install(person, "--set", f"{place}.key=new,{place}.operator=Exists")


def test_an_upgrade_keeps_what_was_chosen_and_what_was_made(person: Person) -> None:
    install(person, "--set", "controllerReplicas=2", "--set", r"podLabels.app\.kubernetes\.io/team=a")
    keys(person)
    bundle = json.dumps([{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "Q0E="}])
    person.kubectl("patch", MUTATING, "--type", "json", "--patch", bundle)

    said = person.hauberk("upgrade", "--set", "proxy.logLevel=debug")
    assert said.code == 0, said.err
    person.apply(said.out)

    config = person.get("configmap/linkerd-config", "{.data.overrides}")
    assert config == "controllerReplicas: 2\npodLabels:\n  app.kubernetes.io/team: a\nproxy:\n  logLevel: debug\n"
    assert person.get("deployments", "{.items[*].spec.replicas}") == "2 2 2"
    assert person.get(MUTATING, "{.webhooks[0].clientConfig.caBundle}") == "Q0E="
    person.kubectl("get", "secret", "linkerd-identity-root", "-n", "hauberk")
    assert person.hauberk("prune").objects == []
    assert person.hauberk("upgrade", "--set", "controllerReplicas=null").code == 0


def test_what_an_upgrade_gave_up_is_pruned(person: Person) -> None:
    install(person, "--ha", "--set", "cni.enabled=true")
    keys(person)
    assert person.hauberk("prune").objects == []
    person.apply(person.hauberk("upgrade", "--set", "highAvailability=false,cni.enabled=false").out)
    said = person.hauberk("prune")
    budgets = {f"PodDisruptionBudget/linkerd-{name}" for name in ("proxy-injector", "identity", "destination")}
    account = {f"{kind}/linkerd-hauberk-cni" for kind in ("ClusterRole", "ClusterRoleBinding")}
    plugin = {"DaemonSet/linkerd-cni", "ServiceAccount/linkerd-cni"}
    assert set(said.names) == budgets | account | plugin | {"Namespace/hauberk-cni"}
    assert said.names[-1] == "Namespace/hauberk-cni"
    # Its end takes a controller.
    items = [each for each in said.objects if each["kind"] != "Namespace"]
    person.kubectl("delete", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    assert person.hauberk("prune").names == ["Namespace/hauberk-cni"]


def test_high_availability_stays(person: Person) -> None:
    install(person, "--ha")
    said = person.hauberk("upgrade")
    assert {each["spec"]["replicas"] for each in said.objects if each["kind"] == "Deployment"} == {3}


def test_nothing_is_removed_while_pods_have_proxies(person: Person) -> None:
    install(person)
    keys(person)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "default", "labels": {LABEL: "hauberk"}},
        "spec": {"containers": [{"name": "web", "image": "web"}]},
    }
    person.apply(json.dumps(pod))
    said = person.hauberk("uninstall")
    assert (said.code, said.out) == (1, "")
    assert "1 pods have proxies of this mesh: default/web-1" in said.err
    forced = person.hauberk("uninstall", "--force")
    assert forced.code == 0
    assert "Secret/linkerd-identity-root" in forced.names
    person.kubectl("delete", "pod", "web-1", "--force")
    assert person.hauberk("uninstall").out == forced.out


def test_everything_is_removed_webhooks_first_and_the_namespace_last(person: Person) -> None:
    install(person, "--ha")
    keys(person)
    said = person.hauberk("uninstall")
    installed = person.hauberk("install", "--ha", "--ignore-cluster")
    made = {"Secret/linkerd-identity-root", "ConfigMap/linkerd-identity-trust-roots"}
    assert set(said.names) == {*installed.names, *made}
    assert said.names[0].startswith("ValidatingWebhookConfiguration/")
    assert said.names[-1] == "Namespace/hauberk"
    # All but the namespace, which would never end without its controller.
    items = [each for each in said.objects if each["kind"] != "Namespace"]
    person.kubectl("delete", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    assert person.hauberk("uninstall").names == ["Namespace/hauberk"]


def test_what_is_helms_is_left_to_helm(person: Person) -> None:
    install(person)
    person.kubectl("label", "configmap", "linkerd-config", "-n", "hauberk", "app.kubernetes.io/managed-by=Helm")
    for command, said in (("upgrade", "helm upgrade"), ("prune", "helm upgrade"), ("uninstall", "helm uninstall")):
        found = person.hauberk(command)
        assert (found.code, found.out) == (1, "")
        assert said in found.err


@pytest.mark.parametrize("command", ["upgrade", "prune", "uninstall"])
def test_where_nothing_is_installed_it_is_said(person: Person, command: str) -> None:
    said = person.hauberk(command, "-n", "nowhere")
    assert (said.code, said.out) == (1, "")
    assert "nothing is installed in the namespace nowhere" in said.err


def test_who_may_not_look_is_told(person: Person) -> None:
    said = person.hauberk("install", "--as", "somebody")
    assert said.code == 1
    assert 'User "somebody" cannot list resource' in said.err
