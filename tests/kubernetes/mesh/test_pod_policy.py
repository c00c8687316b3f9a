"""Policies as `kubectl apply` brings them: judged when they come, in force at once, and told what became of them."""

import json
from typing import Any

import pytest
from podkit import objects
from podkit.asking import reaches, ready
from podkit.kubectl import Kubectl, KubectlFailed, until
from podkit.mesh import Namespace

POLICY = "policy.linkerd.io/v1alpha1"
URL = "http://server/"
SERVER = {
    "apiVersion": "policy.linkerd.io/v1beta3",
    "kind": "Server",
    "metadata": {"name": "server"},
    "spec": {"podSelector": {"matchLabels": {"app": "server"}}, "port": "http", "proxyProtocol": "HTTP/1"},
}


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    name = namespace()
    friend, stranger = (objects.spec(objects.shell(), account=who) for who in ("friend", "stranger"))
    documents = [
        *(objects.account(who) for who in ("friend", "stranger")),
        objects.deployment("server", objects.spec(objects.server())),
        objects.service("server"),
        objects.pod("friend", friend),
        objects.pod("stranger", stranger),
    ]
    kubectl.apply(*objects.placed(documents, name))
    kubectl.rolled_out(name, "deployment/server")
    for who in ("friend", "stranger"):
        ready(kubectl, name, who)
    return name


def allowing(account: str) -> list[dict[str, Any]]:
    reference = {"kind": "ServiceAccount", "name": account}
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": "server"}
    spec = {"targetRef": target, "requiredAuthenticationRefs": [reference]}
    return [{"apiVersion": POLICY, "kind": "AuthorizationPolicy", "metadata": {"name": account}, "spec": spec}]


def test_who_is_not_allowed_is_refused_and_probes_still_work(kubectl: Kubectl, home: str) -> None:
    assert reaches(kubectl, home, "stranger", URL)
    kubectl.apply(*objects.placed([SERVER], home))
    until("nobody to be let in", lambda: not reaches(kubectl, home, "friend", URL) or None)
    kubectl.apply(*objects.placed(allowing("friend"), home))
    until("the friend to be let in", lambda: reaches(kubectl, home, "friend", URL) or None)
    assert not reaches(kubectl, home, "stranger", URL)
    # The kubelet proves nothing, and its probe is let in: a pod that starts now becomes ready.
    kubectl("rollout", "restart", "--namespace", home, "deployment/server")
    kubectl.rolled_out(home, "deployment/server")
    assert reaches(kubectl, home, "friend", URL)


def test_what_makes_no_sense_is_refused_when_it_is_applied(kubectl: Kubectl, home: str) -> None:
    spec = {**allowing("friend")[0]["spec"], "requiredAuthenticationRefs": [{"kind": "Pod", "name": "friend"}]}
    wrong = {"apiVersion": POLICY, "kind": "AuthorizationPolicy", "metadata": {"name": "wrong"}, "spec": spec}
    with pytest.raises(KubectlFailed, match=r"requiredAuthenticationRefs"):
        kubectl.apply(*objects.placed([wrong], home))


def test_a_route_is_told_what_became_of_it(kubectl: Kubectl, home: str) -> None:
    parent = {"group": "core", "kind": "Service", "name": "server", "port": 80}
    backend = {"name": "nobody", "port": 80}
    route = {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "HTTPRoute",
        "metadata": {"name": "broken"},
        "spec": {"parentRefs": [parent], "rules": [{"backendRefs": [backend]}]},
    }
    kubectl.apply(*objects.placed([route], home))

    def conditions() -> dict[str, tuple[str, str]] | None:
        found = kubectl.get("httproutes.policy.linkerd.io", "broken", "--namespace", home)
        parents = found.get("status", {}).get("parents", [])
        return {c["type"]: (c["status"], c["reason"]) for c in parents[0]["conditions"]} if parents else None

    told = until("a status", conditions)
    assert told["Accepted"] == ("True", "Accepted")
    assert told["ResolvedRefs"] == ("False", "BackendNotFound")


@pytest.mark.usefixtures("gateway_definitions")
def test_a_route_that_a_gateway_serves_too_is_told_by_both(kubectl: Kubectl, home: str) -> None:
    kind, theirs = "httproutes.gateway.networking.k8s.io", "example.com/gateway"
    of_gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "ingress"}
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shared"},
        "spec": {"parentRefs": [{"group": "", "kind": "Service", "name": "later", "port": 80}, of_gateway]},
    }
    kubectl.apply(*objects.placed([route], home))

    def said() -> dict[str, str]:
        parents = kubectl.get(kind, "shared", "--namespace", home).get("status", {}).get("parents", [])
        return {parent["controllerName"]: parent["conditions"][0]["reason"] for parent in parents}

    def ours(reason: str) -> bool | None:
        return said().get("linkerd.io/policy-controller") == reason or None

    until("a status", lambda: ours("NoMatchingParent"))
    before = kubectl.get(kind, "shared", "--namespace", home)["status"]["parents"]
    condition = {**before[0]["conditions"][0], "reason": "Programmed"}
    entry = {"controllerName": theirs, "parentRef": of_gateway, "conditions": [condition]}
    patch = json.dumps({"status": {"parents": [*before, entry]}})
    words = ("--subresource", "status", "--type", "merge", "--patch", patch)
    kubectl("patch", kind, "shared", "--namespace", home, *words)
    kubectl.apply(*objects.placed([objects.service("later")], home))
    until("another status", lambda: ours("Accepted"))
    assert said()[theirs] == "Programmed"
