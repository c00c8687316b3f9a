"""Whether a cluster can take an installation, and what of one has to go."""

import copy
from typing import Any

import pytest
from installing_sets import Document, one, rendered

from hauberk.config.names import cluster_wide
from hauberk.install.judging import Cluster, for_install, for_upgrade, injected, is_helms, shown, stale
from hauberk.install.objects import MADE_CONFIG_MAPS, name_of, reference


def config(namespace: str, created_by: str = "hauberk/cli 0", **labels: str) -> Document:
    metadata = {"name": "linkerd-config", "namespace": namespace, "annotations": {"linkerd.io/created-by": created_by}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**metadata, "labels": labels}}


def linkerds(**selector: Any) -> Document:
    """As Linkerd's chart makes it."""
    pods = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "services"]}
    expressions = [
        {"key": "config.linkerd.io/admission-webhooks", "operator": "NotIn", "values": ["disabled"]},
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "cert-manager"]},
    ]
    if selector:
        expressions.append(selector)
    return {
        "kind": "MutatingWebhookConfiguration",
        "metadata": {
            "name": "linkerd-proxy-injector-webhook-config",
            "labels": {
                "linkerd.io/control-plane-component": "proxy-injector",
                "linkerd.io/control-plane-ns": "linkerd",
            },
        },
        "webhooks": [
            {
                "name": "linkerd-proxy-injector.linkerd.io",
                "namespaceSelector": {"matchExpressions": expressions},
                "rules": [pods],
            }
        ],
    }


def refusals(cluster: Cluster, name: str = "default") -> list[str]:
    return [each.message for each in for_install(cluster, "hauberk", rendered(name)) if each.refuses]


def test_an_empty_cluster_takes_it() -> None:
    assert for_install(Cluster(), "hauberk", rendered()) == []


@pytest.mark.parametrize(
    ("there", "message", "hint"),
    [
        (config("hauberk"), "a mesh is installed already in the namespace hauberk", "hauberk upgrade -n hauberk"),
        (
            config("hauberk", "hauberk/helm 0", **{"app.kubernetes.io/managed-by": "Helm"}),
            "a mesh is installed already in the namespace hauberk",
            "helm upgrade -n hauberk",
        ),
        (config("mesh"), "Hauberk is installed already in the namespace mesh", "hauberk upgrade -n mesh"),
        (config("hauberk", "linkerd/cli 2"), "a mesh is installed already in the namespace hauberk", "hauberk check"),
    ],
)
def test_a_second_installation_is_refused(there: Document, message: str, hint: str) -> None:
    (found,) = for_install(Cluster(configs=[there]), "hauberk", rendered())
    assert found.message == message
    assert hint in found.hint


def test_linkerd_elsewhere_is_no_reason() -> None:
    assert for_install(Cluster(configs=[config("linkerd", "linkerd/cli 2")]), "hauberk", rendered()) == []


def test_nothing_is_injected_twice() -> None:
    message = "the webhook linkerd-proxy-injector-webhook-config would put a second proxy beside the same programs"
    assert refusals(Cluster(injecting=[linkerds()])) == [message]


def test_an_upgrade_does_not_wait_until_the_cluster_is_divided() -> None:
    (found,) = for_upgrade(Cluster(injecting=[linkerds()]), "hauberk", rendered())
    assert (found.refuses, "a second proxy" in found.message) == (False, True)
    (missing,) = for_upgrade(Cluster(missing_crds=("x.policy.linkerd.io",)), "hauberk", rendered())
    assert missing.refuses


@pytest.mark.parametrize(
    ("theirs", "refused"),
    [
        ({"key": "mesh", "operator": "NotIn", "values": ["a", "b"]}, False),
        ({"key": "mesh", "operator": "DoesNotExist"}, False),
        ({"key": "mesh", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "other", "operator": "DoesNotExist"}, True),
    ],
)
def test_injectors_may_share_a_cluster_that_is_divided(theirs: dict[str, Any], refused: bool) -> None:
    """The set `narrow` sees namespaces with mesh=a or mesh=b only."""
    assert bool(refusals(Cluster(injecting=[linkerds(**theirs)]), "narrow")) == refused


def test_our_own_webhook_is_no_other() -> None:
    own = one(rendered(), "MutatingWebhookConfiguration", cluster_wide("proxy-injector", "hauberk"))
    assert for_upgrade(Cluster(injecting=[own]), "hauberk", rendered()) == []
    assert for_upgrade(Cluster(injecting=[own]), "mesh-1", rendered("elsewhere")) != []


def test_other_meshes_are_only_told() -> None:
    other = copy.deepcopy(linkerds())
    other["metadata"] = {"name": "istio-sidecar-injector"}
    other["webhooks"][0]["name"] = "rev.namespace.sidecar-injector.istio.io"
    (found,) = for_install(Cluster(injecting=[other]), "hauberk", rendered())
    assert (found.refuses, "istio-sidecar-injector" in found.message) == (False, True)
    other["webhooks"][0]["name"] = "something.example.org"
    assert for_install(Cluster(injecting=[other]), "hauberk", rendered()) == []


def test_missing_kinds_are_told_first() -> None:
    cluster = Cluster(configs=[config("mesh")], missing_crds=("servers.policy.linkerd.io",))
    found = for_install(cluster, "hauberk", rendered())
    assert {each.message for each in found} >= {"the cluster does not know servers.policy.linkerd.io"}
    assert any("install --crds" in each.hint for each in found)


def test_what_is_no_longer_rendered_is_stale() -> None:
    before, after = list(rendered("ha")), list(rendered())
    roots = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "linkerd-identity-trust-roots"}}
    owned = copy.deepcopy(before[-1])
    owned["metadata"] |= {"name": "another", "ownerReferences": [{"kind": "X"}]}
    found = stale([*before, roots, owned], after, kept=MADE_CONFIG_MAPS)
    assert {(each["kind"], each["metadata"]["name"]) for each in found} == {
        ("PodDisruptionBudget", f"linkerd-{name}") for name in ("identity", "destination", "proxy-injector")
    }


def test_a_name_has_no_version() -> None:
    document = {
        "apiVersion": "policy/v1",
        "kind": "X",
        "metadata": {"name": "n", "namespace": "m", "labels": {"a": "b"}},
    }
    assert name_of(document) == name_of({**document, "apiVersion": "policy/v2"})
    assert reference(document) == {
        "apiVersion": "policy/v1",
        "kind": "X",
        "metadata": {"name": "n", "namespace": "m"},
    }
    assert str(name_of(document)) == "X n in m"


def test_pods_with_proxies_are_not_those_of_the_control_plane() -> None:
    def pod(name: str, phase: str = "Running", **labels: str) -> Document:
        return {"metadata": {"name": name, "namespace": "shop", "labels": labels}, "status": {"phase": phase}}

    pods = [pod("b"), pod("own", **{"linkerd.io/control-plane-component": "identity"}), pod("a"), pod("c", "Succeeded")]
    assert injected(pods) == ["shop/a", "shop/b"]


def test_long_lists_are_cut() -> None:
    names = [str(number) for number in range(12)]
    assert shown(names) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert shown(names[:2]) == "0, 1"


def test_helm_marks_what_is_its() -> None:
    assert is_helms(config("hauberk", **{"app.kubernetes.io/managed-by": "Helm"}))
    assert not is_helms(config("hauberk"))
    assert not is_helms({"metadata": {"name": "x"}})
