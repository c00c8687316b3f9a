"""Whose word counts, and what keeps a pod without a proxy."""

from typing import Any

import pytest
from injector_pods import pod

from hauberk.injector.asked import Asked, Declined, asked
from hauberk.injector.outcome import Reason
from hauberk.injector.subject import Place, read

ANSWERS = [
    # namespace, pod, answer
    (None, None, Declined(Reason.ABSENT)),
    ("enabled", None, Asked("namespace", ingress=False)),
    ("ingress", None, Asked("namespace", ingress=True)),
    ("disabled", None, Declined(Reason.DISABLED, "namespace")),
    ("yes", None, Declined(Reason.INVALID_AT_NAMESPACE, "namespace")),
    ("", None, Declined(Reason.INVALID_AT_NAMESPACE, "namespace")),
    (None, "enabled", Asked("workload", ingress=False)),
    ("enabled", "disabled", Declined(Reason.DISABLED, "workload")),
    ("disabled", "enabled", Asked("workload", ingress=False)),
    ("disabled", "ingress", Asked("workload", ingress=True)),
    ("enabled", "enalbed", Declined(Reason.INVALID_AT_WORKLOAD, "workload")),
    ("enabled", "", Declined(Reason.INVALID_AT_WORKLOAD, "workload")),
    ("yes", "enabled", Asked("workload", ingress=False)),
]


@pytest.mark.parametrize(("of_place", "own", "answer"), ANSWERS)
def test_the_pods_word_comes_before_its_namespaces(of_place: str | None, own: str | None, answer: object) -> None:
    subject = read(pod(annotations=None if own is None else {"linkerd.io/inject": own}))
    place = Place("shop", {} if of_place is None else {"linkerd.io/inject": of_place})
    assert asked(subject, place, mesh_namespace="hauberk") == answer


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"hostNetwork": True}, Reason.HOST_NETWORK),
        ({"os": {"name": "windows"}}, Reason.UNSUPPORTED),
        ({"initContainers": [{"name": "linkerd-init"}]}, Reason.SIDECAR),
        ({"initContainers": [{"name": "linkerd-proxy", "restartPolicy": "Always"}]}, Reason.SIDECAR),
        ({"initContainers": [{"name": "linkerd-network-validator"}]}, Reason.SIDECAR),
        ({"containers": [{"name": "linkerd-proxy"}, {"name": "web"}]}, Reason.SIDECAR),
        ({"containers": [{"name": "istio-proxy"}, {"name": "web"}]}, Reason.SIDECAR),
    ],
)
def test_some_pods_cannot_have_one(spec: dict[str, Any], reason: Reason) -> None:
    document = pod(annotations={"linkerd.io/inject": "enabled"})
    subject = read({**document, "spec": {**document["spec"], **spec}})
    assert asked(subject, Place("shop"), mesh_namespace="hauberk") == Declined(reason, "workload")
    assert reason.told


@pytest.mark.parametrize(
    "spec", [{"hostNetwork": False}, {"automountServiceAccountToken": False}, {"os": {"name": "linux"}}]
)
def test_the_opposite_is_no_obstacle(spec: dict[str, Any]) -> None:
    subject = read(pod(annotations={"linkerd.io/inject": "enabled"}, **spec))
    assert isinstance(asked(subject, Place("shop"), mesh_namespace="hauberk"), Asked)


@pytest.mark.parametrize("namespace", ["mesh", "kube-system"])
def test_the_control_plane_and_kubernetes_own_pods_never_depend_on_a_proxy(namespace: str) -> None:
    subject = read(pod(annotations={"linkerd.io/inject": "enabled"}))
    place = Place(namespace, {"linkerd.io/inject": "enabled"})
    assert asked(subject, place, mesh_namespace="mesh") == Declined(Reason.PROTECTED)
