"""What is told of the API server, of an installation's objects and of its control plane."""

from typing import Any

import pytest
from cluster_things import DENIED, NAMESPACE, deployment, error, named, outcomes, pod, rendered, seen

from hauberk.check.kubernetes.api import ApiFacts, api
from hauberk.check.kubernetes.existence import DEPLOYMENTS, Installed, Running, installed, running
from hauberk.check.kubernetes.objects import Objects, objects
from hauberk.check.kubernetes.pods import why
from hauberk.check.kubernetes.proxies import front
from hauberk.check.kubernetes.rights import lacking
from hauberk.check.kubernetes.seen import NOTHING, Seen
from hauberk.check.kubernetes.versions import versions
from hauberk.check.report import Check, may_settle
from hauberk.install.objects import Name, name_of

UPGRADE = "hauberk upgrade | kubectl apply -f -"


def flat(facts: ApiFacts) -> list[Check]:
    return [check for category in api(facts) for check in category.checks]


def test_an_api_server_that_is_quick_and_new_enough() -> None:
    assert outcomes(flat(ApiFacts(0.012, "v1.30.0"))) == {}
    assert "(12 ms)" in flat(ApiFacts(0.012, "v1.30.0"))[1].description


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        (ApiFacts(error="refused", hint="start it"), {"the Kubernetes API answers": "error"}),
        (ApiFacts(1.2, "v1.31.0"), {"the Kubernetes API answers within 1 s": "warning"}),
        (ApiFacts(0.1, "v1.29.9"), {"Kubernetes is 1.30 or later": "error"}),
        (ApiFacts(0.1, "v2.0.0+k3s1"), {}),
        (ApiFacts(0.1, "something"), {"Kubernetes is 1.30 or later": "warning"}),
    ],
)
def test_what_is_wrong_with_an_api_server(facts: ApiFacts, wrong: dict[str, str]) -> None:
    assert outcomes(flat(facts)) == wrong


def installation(**changed: Any) -> list[Check]:
    place, config = seen(named("Namespace", NAMESPACE)), seen(named("ConfigMap", "linkerd-config", NAMESPACE))
    return installed(Installed(namespace=NAMESPACE, **{"place": place, "config": config, **changed}))


def test_an_installation_is_there_or_the_command_for_it_is_told() -> None:
    assert outcomes(installation()) == {}
    (missing,) = installation(place=NOTHING)
    assert missing.outcome == "error"
    assert "hauberk install | kubectl apply -f -" in missing.hint
    assert outcomes(installation(config=NOTHING)) == {"the ConfigMap linkerd-config exists": "error"}
    assert outcomes(installation(values_error="proxy.uid: too small")) == {"its values can be understood": "error"}


def test_who_may_see_nothing_is_not_told_that_all_is_well() -> None:
    assert outcomes(installation(place=DENIED, config=DENIED)) == {
        "the namespace hauberk exists": "warning",
        "the ConfigMap linkerd-config exists": "error",
    }


def facts(**changed: Any) -> Running:
    all_of_them = seen(*map(deployment, DEPLOYMENTS))
    return Running(
        **{"namespace": NAMESPACE, "upgrade": UPGRADE, "deployments": all_of_them, "pods": seen(pod("a")), **changed}
    )


def test_a_control_plane_that_runs() -> None:
    assert outcomes(running(facts())) == {}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (deployment("linkerd-identity", 3, 2), "linkerd-identity has 2 of 3 replicas ready"),
        (deployment("linkerd-identity", 0), "is scaled to 0"),
        (
            {**deployment("linkerd-identity"), "status": {"observedGeneration": 1, "readyReplicas": 1}},
            "nobody has acted on it yet",
        ),
    ],
)
def test_a_deployment_that_is_not_ready_says_why_and_may_become_so(changed: dict[str, Any], told: str) -> None:
    checks = running(facts(deployments=seen(*map(deployment, DEPLOYMENTS[1:]), changed)))
    assert told in error(checks)
    assert all(check.settles for check in checks if check.outcome == "error")


def test_a_deployment_that_is_missing() -> None:
    assert "linkerd-identity is missing" in error(running(facts(deployments=seen(*map(deployment, DEPLOYMENTS[1:])))))


def test_a_pod_that_is_not_ready_is_told_in_kubelets_words() -> None:
    event = {
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "a"},
        "reason": "Unhealthy",
        "message": "Readiness probe failed: refused",
        "lastTimestamp": "2026-12-02T12:00:00Z",
    }
    older = {**event, "message": "older", "lastTimestamp": "2026-12-02T11:00:00Z"}
    checks = running(facts(pods=seen(pod("a", ready=False)), events=seen(event, older)))
    assert error(checks) == "shop/a: web is not ready; Unhealthy: Readiness probe failed: refused"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}]},
            "no node takes it: 0/2 nodes are available",
        ),
        (
            {"containerStatuses": [{"name": "x", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]},
            "x waits: ErrImagePull (no)",
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "x",
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {"terminated": {"exitCode": 3, "message": "bad value"}},
                    }
                ]
            },
            "x waits: CrashLoopBackOff, ended with 3 (bad value)",
        ),
        ({"initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 1}}}]}, "i ended with 1"),
        ({"phase": "Pending"}, "Pending"),
    ],
)
def test_why(status: dict[str, Any], told: str) -> None:
    assert why(named("Pod", "a", "shop", status=status)) == told


def of(documents: list[dict[str, Any]], *, same_version: bool = True, **without: bool) -> Objects:
    there = {name_of(document): seen(document) for document in documents}
    crds = seen() if without.get("crds") is False else seen(named("CustomResourceDefinition", "servers"))
    return Objects(
        upgrade=UPGRADE,
        rendered=rendered(),
        there=there,
        needed_crds=["servers"],
        crds=crds,
        same_version=same_version,
    )


def test_all_objects_are_there() -> None:
    assert outcomes(objects(of(rendered())).checks) == {}


def test_objects_that_are_missing_are_named() -> None:
    left = [document for document in rendered() if document["kind"] != "ServiceAccount"]
    category = objects(of(left))
    assert outcomes(category.checks) == {"the control plane's ServiceAccounts exist": "error"}
    assert "ServiceAccount linkerd-identity in hauberk" in error(category.checks)
    assert UPGRADE in next(check.hint for check in category.checks if check.hint)
    assert may_settle([category])


def test_what_another_version_lacks_is_only_to_be_known() -> None:
    category = objects(of([], same_version=False))
    assert set(outcomes(category.checks).values()) == {"warning"}


def test_kinds_of_policy_that_are_missing() -> None:
    assert outcomes(objects(of(rendered(), crds=False)).checks) == {
        "the kinds of policy are known (CustomResourceDefinitions)": "error"
    }


def test_objects_that_nobody_may_see() -> None:
    blind: dict[Name, Seen] = {name_of(document): DENIED for document in rendered()}
    category = objects(Objects(upgrade="", rendered=rendered(), there=blind, needed_crds=[], crds=DENIED))
    assert set(outcomes(category.checks).values()) == {"warning"}


def test_a_role_that_is_narrower_than_the_manifests_names_the_right() -> None:
    narrow = [
        {**document, "rules": document["rules"][1:]} if document["kind"] == "ClusterRole" else document
        for document in rendered()
    ]
    category = objects(of(narrow))
    assert outcomes(category.checks) == {"the controllers' roles allow what they need": "error"}
    assert "linkerd-hauberk-identity lacks: create tokenreviews.authentication.k8s.io" in error(category.checks)
    assert not may_settle([category])


def test_a_binding_to_somebody_else() -> None:
    unbound = [
        {**document, "subjects": []} if document["kind"] == "RoleBinding" else document for document in rendered()
    ]
    told = error(objects(of(unbound)).checks)
    assert "leaves out ServiceAccount hauberk/linkerd-destination" in told


RULE = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}


@pytest.mark.parametrize(
    ("there", "lacks"),
    [
        ([RULE], []),
        ([{**RULE, "verbs": ["*"]}], []),
        ([{**RULE, "verbs": ["get"]}, {**RULE, "verbs": ["list"]}], []),
        ([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}], []),
        ([{**RULE, "verbs": ["get"]}], ["list deployments.apps"]),
        ([{**RULE, "resourceNames": ["a"]}], ["get deployments.apps", "list deployments.apps"]),
        ([{**RULE, "apiGroups": [""]}], ["get deployments.apps", "list deployments.apps"]),
    ],
)
def test_rights_that_lack(there: list[dict[str, Any]], lacks: list[str]) -> None:
    assert [str(right) for right in lacking([RULE], there)] == lacks


def test_rights_to_one_object_to_subresources_and_to_paths() -> None:
    one = {**RULE, "verbs": ["get"], "resourceNames": ["a"]}
    assert lacking([one], [RULE]) == []
    assert [str(right) for right in lacking([one], [{**one, "resourceNames": ["b"]}])] == ["get deployments.apps a"]
    below = {**RULE, "verbs": ["get"], "resources": ["deployments/status"]}
    assert [str(right) for right in lacking([below], [RULE])] == ["get deployments/status.apps"]
    assert lacking([below], [{**RULE, "resources": ["*/status"]}]) == []
    path = {"nonResourceURLs": ["/version"], "verbs": ["get"]}
    assert [str(right) for right in lacking([path], [RULE])] == ["get /version"]
    assert lacking([path], [{"nonResourceURLs": ["/v*"], "verbs": ["get"]}]) == []


def test_versions() -> None:
    labels = {"linkerd.io/control-plane-component": "identity", "app.kubernetes.io/version": "1.0"}
    well = versions("1.0", "1.0", [pod("a", labels=labels)], upgrade=UPGRADE, namespace=NAMESPACE)
    assert outcomes(well.checks) == {}
    old = versions("1.1", "1.1", [pod("a", labels=labels)], upgrade=UPGRADE, namespace=NAMESPACE)
    assert outcomes(old.checks) == {"the control plane's pods have its version": "warning"}
    tool = versions("1.1", "1.0", [], upgrade=UPGRADE, namespace=NAMESPACE)
    assert error(tool.checks) == "the control plane is 1.0, this tool 1.1"


def test_the_proxies_in_front_of_the_control_plane() -> None:
    unready = pod("b")
    unready["status"]["initContainerStatuses"][0]["ready"] = False
    assert outcomes(list(front([pod("a"), pod("c", proxy=False)], NAMESPACE).checks)) == {}
    assert error(list(front([pod("a"), unready], NAMESPACE).checks)) == "shop/b: linkerd-proxy is not ready"
    assert error(list(front([], NAMESPACE).checks)) == "there are none"
