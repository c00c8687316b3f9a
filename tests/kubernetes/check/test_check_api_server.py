"""What `hauberk check` says of a real API server: before an installation, of a poor one, to people of few rights."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from apikit.keys import ADMIN_TOKEN, USERS
from apikit.ports import free_ports
from apikit.server import ApiServer, an_api_server
from looker import check, kubeconfig
from person import Person
from relay import slow_way

NOTHING_IN_THE_WAY = "no mesh is in the way"
MAY_CREATE = "you may create what `hauberk install` prints"
ANSWERS, IN_TIME = "the Kubernetes API answers", "the Kubernetes API answers within 1 s"


@dataclass(frozen=True)
class Place:
    """An API server, its administrator, and the kubeconfigs of those who look."""

    server: ApiServer
    person: Person
    admin: Path
    narrow: Path
    nobody: Path


def of(server: ApiServer, folder: Path) -> Place:
    configs = {name: kubeconfig(folder / name, server, token) for name, token in USERS.items()}
    admin = kubeconfig(folder / "admin", server, ADMIN_TOKEN)
    return Place(server, Person(server, folder), admin, configs["narrow"], configs["nobody"])


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Nothing is installed."""
    with an_api_server() as server:
        yield of(server, tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """What was printed is applied; no controller acts on it."""
    with an_api_server() as server:
        place = of(server, tmp_path_factory.mktemp("installed"))
        place.person.kubectl(
            *("apply", "--server-side", "--filename", "-"), given=place.person.hauberk("install", "--crds").out
        )
        place.person.apply(place.person.hauberk("install").out)
        reader = ("clusterrole", "narrow", "--verb=get", "--resource=namespaces,configmaps")
        place.person.kubectl("create", *reader)
        place.person.kubectl("create", "clusterrolebinding", "narrow", "--clusterrole=narrow", "--user=narrow")
        yield place


def test_a_cluster_that_can_take_a_mesh(bare: Place) -> None:
    report = check(bare.admin, "--pre")
    assert (report.code, report.success) == (0, True)
    assert {NOTHING_IN_THE_WAY, MAY_CREATE, ANSWERS, "clocks agree within 20 s"} <= report.well
    assert {"PodSecurity admits the control plane", "you may give the controllers their rights"} <= report.well
    assert "HTTPRoute of the Gateway API is known" in report.wrong
    assert report.wrong["there are nodes for a mesh"].error == "there are none"
    assert bare.person.kubectl("get", "pods,clusterroles", "-A", "-o", "name").out.count("hauberk") == 0


def test_without_an_installation_the_commands_for_it_are_told(bare: Place) -> None:
    report = check(bare.admin)
    assert (report.code, set(report.errors)) == (1, {"the namespace hauberk exists"})
    hint = report.errors["the namespace hauberk exists"].hint
    assert "hauberk install --crds | kubectl apply --server-side -f -" in hint
    assert "hauberk install | kubectl apply -f -" in hint


def test_who_may_not_install_is_told_each_right_that_lacks(bare: Place) -> None:
    report = check(bare.nobody, "--pre")
    assert report.code == 1
    found = report.errors[MAY_CREATE]
    assert "create clusterroles.rbac.authorization.k8s.io" in found.error
    assert "kubectl auth can-i create " in found.hint
    assert "may not" in found.error
    assert 'User "nobody" cannot' in report.wrong[NOTHING_IN_THE_WAY].error


def test_pod_security_that_refuses_the_redirect_or_everything(bare: Place) -> None:
    """A namespace of programs without the right to redirect is warned of; the control plane needs none."""
    bare.person.kubectl("label", "namespace", "default", "pod-security.kubernetes.io/enforce=restricted")
    try:
        report = check(bare.admin, "--pre")
        with_plugin = check(bare.admin, "--pre", "--ha", "--set", "cni.enabled=true")
    finally:
        bare.person.kubectl("label", "namespace", "default", "pod-security.kubernetes.io/enforce-")
    assert (report.code, with_plugin.code) == (0, 0)
    assert not any("redirect" in description for description in (*with_plugin.well, *with_plugin.wrong))
    assert "PodSecurity admits the control plane" in report.well
    found = report.wrong["PodSecurity admits the redirect's init container"]
    assert "NET_ADMIN" in found.error
    assert "cni.enabled=true" in found.hint


def test_what_does_not_run_is_told_and_what_there_is_is_well(installed: Place) -> None:
    report = check(installed.admin, "--proxy")
    assert report.code == 1
    assert set(report.errors) == {
        "the control plane's Deployments are ready",
        "there are trust roots",
        "the API server can believe the webhook of linkerd-proxy-injector",
        "the API server can believe the webhook of linkerd-destination",
        "the proxies of the control plane are ready",
    }
    assert {"its values can be understood", "the controllers' roles allow what they need"} <= report.well
    assert {description for description in report.well if description.endswith("s exist")} >= {
        "the control plane's ServiceAccounts exist",
        "the control plane's Services exist",
        "the control plane's MutatingWebhookConfigurations exist",
    }


def test_a_second_installation_is_in_the_way(installed: Place) -> None:
    report = check(installed.admin, "--pre")
    assert (report.code, set(report.errors)) == (1, {NOTHING_IN_THE_WAY})
    assert "a mesh is installed already in the namespace hauberk" in report.errors[NOTHING_IN_THE_WAY].error


def test_a_second_mesh_beside_it(installed: Place) -> None:
    theirs = installed.person.hauberk("install", "--ignore-cluster", "-n", "linkerd")
    webhook = next(each for each in theirs.objects if each["kind"] == "MutatingWebhookConfiguration")
    installed.person.apply(json.dumps(webhook))
    try:
        report = check(installed.admin)
    finally:
        installed.person.kubectl("delete", "mutatingwebhookconfiguration", webhook["metadata"]["name"])
    found = report.errors["no other injector is asked about the same pods"]
    assert webhook["metadata"]["name"] in found.error


def test_a_role_that_somebody_narrowed(installed: Place) -> None:
    role = json.loads(installed.person.get("clusterrole/linkerd-hauberk-identity", "{}"))
    narrower = [rule for rule in role["rules"] if "tokenreviews" not in rule.get("resources", ())]
    patch = json.dumps({"rules": narrower})
    installed.person.kubectl("patch", "clusterrole", "linkerd-hauberk-identity", "--type=merge", "--patch", patch)
    try:
        report = check(installed.admin)
    finally:
        installed.person.apply(installed.person.hauberk("upgrade").out)
    found = report.errors["the controllers' roles allow what they need"]
    assert "linkerd-hauberk-identity lacks: create tokenreviews.authentication.k8s.io" in found.error
    assert found.hint == "hauberk upgrade | kubectl apply -f -"


def test_who_may_see_little_is_told_what_was_not_looked_at_and_whom_to_ask(installed: Place) -> None:
    report = check(installed.narrow, "--proxy")
    assert "its values can be understood" in report.well
    blind = {found.category: found for found in report.wrong.values() if "could not be looked at" in found.error}
    assert {found.outcome for found in blind.values()} == {"warning"}
    assert {"linkerd-existence", "linkerd-config", "linkerd-webhooks-and-apisvc-tls", "linkerd-data-plane"} <= set(
        blind
    )
    pods = blind["linkerd-data-plane"]
    assert "a role that lets 'narrow' list pods" in pods.hint
    assert "kubectl auth can-i list pods" in pods.hint


def test_who_may_see_nothing_does_not_hear_that_all_is_well(installed: Place) -> None:
    report = check(installed.nobody)
    assert report.code == 1
    assert "kubectl auth can-i get configmaps -n hauberk" in report.errors["the ConfigMap linkerd-config exists"].hint


def test_a_server_that_does_not_know_who_asks(bare: Place, tmp_path: Path) -> None:
    report = check(kubeconfig(tmp_path / "stranger", bare.server, "token-of-a-stranger"))
    assert (report.code, set(report.errors)) == (1, {ANSWERS})
    assert "kubectl auth whoami" in report.errors[ANSWERS].hint


@pytest.mark.parametrize("words", [(), ("--pre",)])
def test_a_server_that_is_gone(bare: Place, tmp_path: Path, words: tuple[str, ...]) -> None:
    (port,) = free_ports(1)
    report = check(kubeconfig(tmp_path / "gone", bare.server, ADMIN_TOKEN, url=f"https://127.0.0.1:{port}"), *words)
    assert (report.code, set(report.errors), report.well) == (1, {ANSWERS}, set())
    assert str(port) in report.errors[ANSWERS].error


def test_a_server_that_is_slow(bare: Place, tmp_path: Path) -> None:
    with slow_way(bare.server.port, delay_s=1.1) as port:
        report = check(kubeconfig(tmp_path / "slow", bare.server, ADMIN_TOKEN, url=f"https://127.0.0.1:{port}"))
    assert ANSWERS in report.well
    assert report.wrong[IN_TIME].outcome == "warning"
    assert "its answer took 1." in report.wrong[IN_TIME].error


def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    report = check(tmp_path / "none")
    assert (report.code, set(report.errors)) == (1, {ANSWERS})
    assert str(tmp_path / "none") in report.errors[ANSWERS].error
