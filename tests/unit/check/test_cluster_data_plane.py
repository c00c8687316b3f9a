"""What is told of programs in the mesh, of their proxies, and of what serves all of them."""

from datetime import timedelta
from typing import Any

import pytest
from cluster_things import (
    DENIED,
    NAMESPACE,
    NOW,
    Document,
    bundle,
    deployment,
    error,
    named,
    outcomes,
    pod,
    root,
    seen,
)

from hauberk.check.kubernetes.answering import READ_MAX, some
from hauberk.check.kubernetes.answers import Answer, Answers, answers
from hauberk.check.kubernetes.availability import Availability, availability
from hauberk.check.kubernetes.cni import Plugin, plugin
from hauberk.check.kubernetes.data_plane import DataPlane, data_plane
from hauberk.check.kubernetes.existence import DEPLOYMENTS
from hauberk.check.kubernetes.misplaced import misplaced
from hauberk.check.kubernetes.networks import Networks, networks
from hauberk.check.kubernetes.proxies import fingerprint
from hauberk.check.kubernetes.seen import NOTHING, Seen
from hauberk.check.report import Category, may_settle
from hauberk.telemetry.target import Target

ROOTS = seen(bundle(root()))
NOTES = {"linkerd.io/proxy-version": "1.0", "linkerd.io/trust-root-sha256": fingerprint(ROOTS)}
IN_MESH = {"linkerd.io/control-plane-ns": NAMESPACE}
ASKING = {"linkerd.io/inject": "enabled"}


def meshed(name: str = "a", *, ready: bool = True, **notes: str) -> Document:
    return pod(name, ready=ready, labels=IN_MESH, annotations={**NOTES, **notes})


def judged(*pods: Document, **changed: Any) -> Category:
    there = {"pods": seen(*pods), "places": seen(named("Namespace", "shop")), "bundle": ROOTS, **changed}
    return data_plane(DataPlane(namespace=NAMESPACE, version="1.0", **there), NOW)


def test_programs_that_are_well_served() -> None:
    assert outcomes(judged(meshed()).checks) == {}


def test_programs_of_another_mesh_and_those_that_have_ended_are_no_matter() -> None:
    ended = {**meshed("b"), "status": {"phase": "Succeeded"}}
    others = pod("c", labels={"linkerd.io/control-plane-ns": "linkerd"}, annotations=ASKING)
    assert outcomes(judged(meshed(), ended, others).checks) == {}
    assert outcomes(judged(others).checks) == {"programs are in the mesh": "warning"}


def test_a_proxy_that_is_not_ready_says_why_and_may_become_so() -> None:
    broken = meshed(ready=False)
    broken["status"]["initContainerStatuses"][0] = {
        "name": "linkerd-proxy",
        "ready": False,
        "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}},
    }
    category = judged(broken)
    assert outcomes(category.checks) == {"all proxies are ready": "error"}
    assert "shop/a: linkerd-proxy waits: ErrImagePull (not found)" in error(category.checks)
    assert any(check.hint.endswith("kubectl -n shop logs a -c linkerd-proxy") for check in category.checks)
    assert may_settle([category])


def test_a_program_that_is_not_ready_beside_a_proxy_that_is() -> None:
    category = judged(meshed(ready=False))
    assert outcomes(category.checks) == {"all pods with a proxy are ready": "error"}
    assert error(category.checks) == "shop/a: web is not ready"
    assert any(check.hint.endswith("kubectl -n shop logs a") for check in category.checks)


@pytest.mark.parametrize(
    ("notes", "description"),
    [
        ({"linkerd.io/proxy-version": "0.9"}, "all proxies have the version that new ones get"),
        ({"linkerd.io/trust-root-sha256": "0" * 64}, "all proxies know the trust roots of now"),
    ],
)
def test_proxies_from_before(notes: dict[str, str], description: str) -> None:
    category = judged(meshed("a"), meshed("b", **notes))
    assert outcomes(category.checks) == {description: "warning"}
    assert error(category.checks).startswith("shop/b: 0")


def test_what_may_not_be_seen() -> None:
    assert outcomes(judged(pods=DENIED).checks) == {"programs are in the mesh": "warning"}
    assert set(outcomes(judged(meshed(), bundle=DENIED, places=DENIED).checks)) == {
        "all proxies know the trust roots of now",
        "all pods that ask for a proxy have one",
        "labels and annotations of the mesh are where they mean something",
    }


@pytest.mark.parametrize(
    ("place", "own", "is_forgotten"),
    [
        ({"annotations": ASKING}, {}, True),
        ({"annotations": ASKING}, {"linkerd.io/inject": "disabled"}, False),
        ({}, {"linkerd.io/inject": "ingress"}, True),
        ({}, {}, False),
        ({"annotations": ASKING, "labels": {"config.linkerd.io/admission-webhooks": "disabled"}}, {}, False),
    ],
)
def test_pods_that_ask_for_a_proxy_and_have_none(
    place: dict[str, Any], own: dict[str, str], *, is_forgotten: bool
) -> None:
    category = judged(
        meshed(), pod("b", proxy=False, annotations=own), places=seen(named("Namespace", "shop", metadata=place))
    )
    wrong = {"all pods that ask for a proxy have one": "warning"} if is_forgotten else {}
    assert outcomes(category.checks) == wrong


def test_a_pod_of_the_nodes_network_is_not_forgotten() -> None:
    on_host = pod("b", proxy=False, annotations=ASKING)
    on_host["spec"]["hostNetwork"] = True
    assert outcomes(judged(meshed(), on_host).checks) == {}


@pytest.mark.parametrize(
    ("kind", "metadata", "told"),
    [
        ("Pod", {"annotations": {"config.linkerd.io/proxy-log-level": "debug"}}, ""),
        ("Namespace", {"labels": {"config.linkerd.io/admission-webhooks": "disabled"}}, ""),
        ("Service", {"annotations": {"config.linkerd.io/opaque-ports": "25"}}, ""),
        ("Pod", {"annotations": {"example.org/inject": "yes"}}, ""),
        ("Pod", {"labels": ASKING}, "the label linkerd.io/inject should be an annotation"),
        ("Namespace", {"annotations": {"linkerd.io/inject": "true"}}, "which is none of enabled, ingress, disabled"),
        ("Deployment", {"annotations": ASKING}, "belongs to spec.template.metadata"),
        ("Service", {"annotations": ASKING}, "means nothing on a Service"),
        (
            "Pod",
            {"annotations": {"config.linkerd.io/skip-inbound-port": "25"}},
            "skip-inbound-port: the nearest is config.linkerd.io/skip-inbound-ports",
        ),
        ("Pod", {"annotations": {"config.linkerd.io/proxy-uid": "x"}}, "config.linkerd.io/proxy-uid: "),
    ],
)
def test_words_that_mean_nothing_where_they_stand(kind: str, metadata: dict[str, Any], told: str) -> None:
    found = list(misplaced(kind, named(kind, "a", "shop", metadata=metadata)))
    assert len(found) == bool(told)
    assert not told or told in found[0]


def test_words_are_looked_for_on_services_and_on_what_makes_pods() -> None:
    service = seen(named("Service", "web", "shop", metadata={"annotations": ASKING}))
    category = judged(meshed(), others={"Service": service})
    assert "Service shop/web" in error(category.checks)


def said(**changed: Any) -> dict[str, str]:
    answer = Answer(**{"pod": "shop/a", "expires_s": NOW.timestamp() + 3600, "view_age_s": 2.0, **changed})
    return outcomes(answers(Answers([answer], 1), NOW))


def test_what_proxies_say_of_themselves() -> None:
    assert said() == {}
    assert said(error="no answer in time") == {"proxies answer": "warning"}
    assert said(expires_s=NOW.timestamp()) == {"proxies' certificates are valid": "error"}
    assert said(view_age_s=31.0) == {"proxies' views are younger than 30 s": "warning"}
    assert answers(Answers(), NOW) == []


def test_who_may_not_ask_proxies_is_told_which_right_it_takes() -> None:
    words = (
        'pods "a:4191" is forbidden: User "me" cannot get resource "pods/proxy" in API group "" in the namespace "shop"'
    )
    (check,) = answers(Answers([Answer("shop/a", words)], 1), NOW)
    assert check.outcome == "warning"
    assert "kubectl auth can-i get pods/proxy -n shop" in check.hint


def test_of_many_proxies_some_of_each_namespace_are_asked() -> None:
    many = [Target("big", f"p{index}", "w", "default", "10.0.0.1", meshed=True) for index in range(200)]
    few = [Target("small", "p", "w", "default", "10.0.0.1", meshed=True)]
    found = some([*many, *few])
    assert len(found) == READ_MAX
    assert few[0] in found
    checks = answers(Answers([Answer(target.name) for target in found], 201), NOW)
    assert checks[0].description == f"proxies answer ({READ_MAX} of 201 were asked)"


def within(**changed: Any) -> dict[str, str]:
    facts = {
        "nodes": seen(named("Node", "n1", spec={"podCIDRs": ["10.1.0.0/24", "fd00::/64"]})),
        "pods": seen(named("Pod", "a", status={"podIPs": [{"ip": "10.1.0.5"}]})),
        "services": seen(named("Service", "s", spec={"clusterIPs": ["10.2.0.1"]})),
        **changed,
    }
    check = networks(
        Networks(upgrade="hauberk upgrade | kubectl apply -f -", chosen=["10.0.0.0/8", "fd00::/8"], **facts)
    )
    assert (
        check.outcome == "success"
        or "hauberk upgrade --set 'clusterNetworks={10.0.0.0/8,fd00::/8,MORE}' | kub" in check.hint
    )
    return {check.error: check.outcome} if check.error else {}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, {}),
        ({"nodes": seen(named("Node", "n", spec={"podCIDRs": ["10.0.0.0/7"]}))}, {"node n: 10.0.0.0/7": "warning"}),
        ({"pods": seen(named("Pod", "a", status={"podIPs": [{"ip": "11.0.0.1"}]}))}, {"pod a: 11.0.0.1": "warning"}),
        (
            {"pods": seen(named("Pod", "a", spec={"hostNetwork": True}, status={"podIPs": [{"ip": "11.0.0.1"}]}))},
            {},
        ),
        ({"services": seen(named("Service", "s", spec={"clusterIPs": ["None"]}))}, {}),
        (
            {"services": seen(named("Service", "s", spec={"clusterIPs": ["fe80::1"]}))},
            {"Service s: fe80::1": "warning"},
        ),
    ],
)
def test_addresses_outside_of_the_networks_that_were_chosen(changed: dict[str, Seen], wrong: dict[str, str]) -> None:
    assert within(**changed) == wrong


def available(**changed: Any) -> dict[str, str]:
    labels = {"linkerd.io/control-plane-component": "identity"}
    pods = [pod("a", NAMESPACE, labels=labels), pod("b", NAMESPACE, labels=labels)]
    pods[1]["spec"]["nodeName"] = "n2"
    label = {"labels": {"config.linkerd.io/admission-webhooks": "disabled"}}
    facts = {
        "deployments": seen(*(deployment(name, 3) for name in DEPLOYMENTS)),
        "pods": seen(*pods),
        "system": seen(named("Namespace", "kube-system", metadata=label)),
        "injecting": NOTHING,
        **changed,
    }
    return outcomes(availability(Availability(namespace=NAMESPACE, **facts)).checks)


def leaving_out(*names: str) -> Seen:
    expression = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": list(names)}
    webhook = {"name": "i", "namespaceSelector": {"matchExpressions": [expression]}}
    return seen(named("MutatingWebhookConfiguration", "i", webhooks=[webhook]))


def test_high_availability() -> None:
    labels = {"linkerd.io/control-plane-component": "identity"}
    alone = seen(pod("a", NAMESPACE, labels=labels), pod("b", NAMESPACE, labels=labels))
    plain = seen(named("Namespace", "kube-system"))
    few = seen(deployment(DEPLOYMENTS[0], 3, 2), *(deployment(name, 3) for name in DEPLOYMENTS[1:]))
    untouched = "pods of kube-system start without the injector"
    assert available() == {}
    assert available(deployments=few) == {"3 replicas of everything are ready": "warning"}
    assert available(pods=alone) == {"replicas are on different nodes": "warning"}
    assert available(system=plain) == {untouched: "error"}
    assert available(system=plain, injecting=leaving_out("kube-system", NAMESPACE)) == {}
    assert available(system=plain, injecting=leaving_out(NAMESPACE)) == {untouched: "error"}
    assert available(system=DENIED) == {untouched: "warning"}


def plugged(**changed: Any) -> dict[str, str]:
    status = {"desiredNumberScheduled": 1, "numberReady": 1}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    facts = {
        "daemon_set": seen(named("DaemonSet", "linkerd-cni", status=status)),
        "pods": seen(pod("cni")),
        "nodes": seen(named("Node", "n1", status=ready)),
        **changed,
    }
    return outcomes(plugin(Plugin(namespace="hauberk-cni", upgrade="hauberk upgrade", **facts)).checks)


def test_the_cni_plugin() -> None:
    status = {"desiredNumberScheduled": 2, "numberReady": 1}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    windows = {"labels": {"kubernetes.io/os": "windows"}}
    pods, everywhere = "the CNI plugin's pods are ready", "every node has the CNI plugin"
    assert plugged() == {}
    assert plugged(daemon_set=NOTHING) == {pods: "error"}
    assert plugged(daemon_set=seen(named("DaemonSet", "linkerd-cni", status=status))) == {pods: "error"}
    assert plugged(nodes=seen(named("Node", "n2", status=ready))) == {everywhere: "warning"}
    assert plugged(nodes=seen(named("Node", "n2", status={}))) == {}
    assert plugged(nodes=seen(named("Node", "n2", metadata=windows, status=ready))) == {}
    assert plugged(nodes=DENIED) == {everywhere: "warning"}


def test_the_time_of_a_proxys_certificate_is_told() -> None:
    over = Answer("shop/a", expires_s=(NOW - timedelta(hours=1)).timestamp())
    category = judged(meshed(), said=Answers([over], 1))
    assert error(category.checks) == "shop/a: since 2026-12-02 11:00 UTC"
