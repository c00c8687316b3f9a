"""What is told before an installation, and of whatever else is in a cluster."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cluster_things import DENIED, NAMESPACE, NOW, Document, error, named, outcomes, rendered, seen

from hauberk.check.kubernetes.clocks import Clocks, clocks
from hauberk.check.kubernetes.gateway_api import gateway_api
from hauberk.check.kubernetes.meshes import beside
from hauberk.check.kubernetes.nodes import nodes
from hauberk.check.kubernetes.preparing import Permission, Preparation, Trial, preparing
from hauberk.check.kubernetes.seen import NOTHING, Seen


def node(**info: str) -> Document:
    told = {
        "operatingSystem": "linux",
        "architecture": "amd64",
        "kernelVersion": "6.1.0-13-amd64",
        "kubeletVersion": "v1.33.1",
        **info,
    }
    return named("Node", "n1", status={"nodeInfo": told})


WELL = Preparation(
    namespace=NAMESPACE,
    rendered=rendered(),
    configs=NOTHING,
    injecting=NOTHING,
    permissions=[Permission("create services -n hauberk", allowed=True)],
    roles=[Trial("ClusterRole a")],
    plain=Trial("pod"),
    redirecting=Trial("pod"),
    nodes=seen(node()),
    clocks=Clocks(here=NOW, server=NOW, leases=NOTHING),
)


def webhook(name: str, **changed: Any) -> Document:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    return named("MutatingWebhookConfiguration", name, webhooks=[{"name": name, "rules": [rule], **changed}])


LINKERDS = webhook("linkerd-proxy-injector.linkerd.io")


def test_a_cluster_that_can_take_a_mesh() -> None:
    assert outcomes(preparing(WELL).checks) == {}


@pytest.mark.parametrize(
    ("changed", "wrong", "told"),
    [
        (
            {"configs": seen(named("ConfigMap", "linkerd-config", NAMESPACE))},
            {"no mesh is in the way": "error"},
            "a mesh is installed already in the namespace hauberk",
        ),
        ({"injecting": seen(LINKERDS)}, {"no mesh is in the way": "error"}, "would put a second proxy"),
        (
            {"injecting": seen(webhook("sidecar-injector.istio.io"))},
            {"no mesh is in the way": "warning"},
            "of another mesh",
        ),
        ({"configs": DENIED}, {"no mesh is in the way": "warning"}, "could not be looked at"),
        (
            {"permissions": [Permission("create services -n hauberk", allowed=False, reason="no such role")]},
            {"you may create what `hauberk install` prints": "error"},
            "you may not create services -n hauberk (no such role)",
        ),
        (
            {"roles": [Trial("ClusterRole a", "attempting to grant RBAC permissions not currently held")]},
            {"you may give the controllers their rights": "error"},
            "ClusterRole a: attempting to grant",
        ),
        (
            {"plain": Trial("pod", "violates PodSecurity")},
            {"PodSecurity admits the control plane": "error"},
            "violates PodSecurity",
        ),
        (
            {"plain": Trial("pod", "quota", unknown=True)},
            {"PodSecurity admits the control plane": "warning"},
            "it could not be tried: quota",
        ),
        (
            {"redirecting": Trial("pod", "violates PodSecurity")},
            {"PodSecurity admits the redirect's init container": "warning"},
            "violates PodSecurity",
        ),
    ],
)
def test_what_is_in_the_way(changed: dict[str, Any], wrong: dict[str, str], told: str) -> None:
    checks = preparing(replace(WELL, **changed)).checks
    assert outcomes(checks) == wrong
    assert told in error(checks)


def test_where_a_plugin_redirects_nobody_asks_for_a_capability() -> None:
    checks = preparing(replace(WELL, redirecting=None)).checks
    assert outcomes(checks) == {}
    assert not any("redirect" in check.description for check in checks)


def test_the_right_that_lacks_can_be_asked_for_again() -> None:
    permissions = [Permission("create pods", allowed=True), Permission("create secrets -n x", allowed=False)]
    checks = preparing(replace(WELL, permissions=permissions)).checks
    (hint,) = [check.hint for check in checks if check.hint]
    assert hint.endswith("kubectl auth can-i create secrets -n x")


@pytest.mark.parametrize(
    ("info", "wrong"),
    [
        ({"architecture": "arm64"}, set()),
        ({"architecture": "s390x"}, {"nodes are Linux on amd64 or arm64"}),
        ({"operatingSystem": "windows", "kernelVersion": "10.0.2"}, {"nodes are Linux on amd64 or arm64"}),
        ({"kernelVersion": "5.2.0"}, set()),
        ({"kernelVersion": "5.1.9-300.fc30"}, {"the nodes' kernels are 5.2 or later"}),
        ({"kubeletVersion": "v1.28.15-gke.1"}, {"the nodes' kubelets are 1.29 or later"}),
        ({"kubeletVersion": "", "kernelVersion": "own"}, set()),
    ],
)
def test_nodes_that_cannot_carry_a_mesh(info: dict[str, str], wrong: set[str]) -> None:
    assert outcomes(nodes(seen(node(**info)))) == dict.fromkeys(wrong, "warning")


@pytest.mark.parametrize("found", [NOTHING, DENIED])
def test_nodes_that_are_not_there_or_not_to_be_seen(found: Seen) -> None:
    assert outcomes(nodes(found)) == {"there are nodes for a mesh": "warning"}


def lease(seconds: float, name: str = "n1") -> Document:
    return named("Lease", name, spec={"renewTime": (NOW + timedelta(seconds=seconds)).isoformat()})


@pytest.mark.parametrize(
    ("here_s", "leases", "told"),
    [
        (0, [lease(-9), lease(15)], ""),
        (15, [lease(-55)], ""),
        (25, [], "this machine is 25 s ahead of the API server"),
        (-25, [], "this machine is 25 s behind the API server"),
        (0, [lease(21)], "the node n1 is 21 s ahead of the API server"),
        (0, [lease(-90)], "the node n1 is 90 s behind the API server"),
        (0, [lease(-7200)], ""),
        (0, [named("Lease", "n1", spec={}), named("Lease", "n2", spec={"renewTime": "2026-12-02"})], ""),
    ],
)
def test_clocks(here_s: float, leases: list[Document], told: str) -> None:
    facts = Clocks(here=NOW + timedelta(seconds=here_s), server=NOW, leases=seen(*leases))
    check = clocks(facts)
    assert (check.outcome, check.error) == ("warning" if told else "success", told)


def test_clocks_of_nodes_are_held_against_this_one_where_the_api_server_does_not_say() -> None:
    assert clocks(Clocks(here=NOW, server=None, leases=seen(lease(60)))).outcome == "warning"
    assert clocks(Clocks(here=NOW, server=None, leases=DENIED)).outcome == "warning"


def test_who_else_injects() -> None:
    own = next(document for document in rendered() if document["kind"] == "MutatingWebhookConfiguration")
    assert outcomes(beside(seen(own), NAMESPACE, rendered()).checks) == {}
    check = {"no other injector is asked about the same pods"}
    assert outcomes(beside(seen(own, LINKERDS), NAMESPACE, rendered()).checks) == dict.fromkeys(check, "error")
    apart = webhook("a.linkerd.io", namespaceSelector={"matchLabels": {"linkerd.io/is-control-plane": "true"}})
    apart["webhooks"][0]["objectSelector"] = {"matchLabels": {"linkerd.io/control-plane-component": "x"}}
    assert outcomes(beside(seen(own, apart), NAMESPACE, rendered()).checks) == {}
    assert outcomes(beside(DENIED, NAMESPACE, rendered()).checks) == dict.fromkeys(check, "warning")


def definition(plural: str, *served: str, **metadata: Any) -> Document:
    versions = [{"name": name, "served": True} for name in served]
    name = f"{plural}.gateway.networking.k8s.io"
    return named("CustomResourceDefinition", name, metadata=metadata, spec={"versions": versions})


def test_routes_that_the_cluster_knows_and_who_brought_them() -> None:
    release = {"meta.helm.sh/release-name": "crds", "meta.helm.sh/release-namespace": "linkerd"}
    bundled = {"gateway.networking.k8s.io/bundle-version": "v1.2.0"}
    managers = [{"manager": "kube-apiserver", "subresource": "status"}, {"manager": "kubectl"}]
    http = definition("httproutes", "v1", "v1beta1", annotations={**release, **bundled})
    checks = gateway_api(seen(http, definition("grpcroutes", "v1", managedFields=managers))).checks
    assert outcomes(checks) == {}
    assert [check.description for check in checks] == [
        "HTTPRoute of the Gateway API is known (v1, v1beta1; bundle v1.2.0; of the Helm release linkerd/crds)",
        "GRPCRoute of the Gateway API is known (v1; applied by kubectl)",
    ]


def test_routes_that_the_cluster_does_not_know_or_not_in_the_right_version() -> None:
    checks = gateway_api(seen(definition("grpcroutes", "v1alpha2"))).checks
    assert outcomes(checks) == {
        "HTTPRoute of the Gateway API is known": "warning",
        "GRPCRoute of the Gateway API is known": "warning",
    }
    assert "the cluster serves v1alpha2, and v1 is what is followed" in checks[1].error
    assert set(outcomes(gateway_api(DENIED).checks).values()) == {"warning"}
