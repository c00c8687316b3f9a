import msgspec

from hauberk.model.endpointslice import Endpoint, EndpointSlice
from hauberk.model.metadata import ObjectMeta, OwnerReference
from hauberk.model.pod import Pod, PodCondition, PodSpec, PodStatus
from hauberk.store.kubernetes_lean import lean


def test_annotations_of_others_go_and_those_of_the_mesh_stay() -> None:
    kept = {"config.linkerd.io/opaque-ports": "1", "linkerd.io/inject": "enabled", "hauberk.dev/x": "y"}
    others = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "notlinkerd.io/x": "y",
        "linkerd.io": "z",
        "a": "b",
    }
    pod = Pod(metadata=ObjectMeta(name="p", annotations=kept | others, labels={"example.com/a": "b"}))
    lean(pod)
    assert pod.metadata.annotations == kept | {"linkerd.io": "z"}
    assert pod.metadata.labels == {"example.com/a": "b"}


def test_a_slice_keeps_the_labels_that_say_what_it_is() -> None:
    kept = {"kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "x", "linkerd.io/y": "z"}
    slice_ = EndpointSlice(metadata=ObjectMeta(name="s", labels={**kept, "app": "web", "example.com/team": "a"}))
    lean(slice_)
    assert slice_.metadata.labels == kept


def test_of_a_pods_conditions_readiness_is_kept() -> None:
    conditions = tuple(PodCondition(type=kind, status="True") for kind in ("Initialized", "Ready", "PodScheduled"))
    pod = Pod(metadata=ObjectMeta(name="p"), status=PodStatus(conditions=conditions))
    lean(pod)
    assert pod.ready
    assert pod.status.conditions == (conditions[1],)


def test_texts_that_repeat_are_kept_once() -> None:
    """Each pod has its own copy of its node's name when it has just been decoded."""

    def decoded(name: str) -> Pod:
        owner = OwnerReference(kind="ReplicaSet", name="web-12345")
        made = Pod(
            metadata=ObjectMeta(name=name, namespace="a-namespace", labels={"app": "web"}, owner_references=(owner,)),
            spec=PodSpec(node_name="a-node", service_account_name="an-account"),
        )
        return msgspec.json.decode(msgspec.json.encode(made), type=Pod)

    first, second = decoded("a"), decoded("b")
    assert first.spec.node_name is not second.spec.node_name
    for pod in (first, second):
        lean(pod)
    for one, other in (
        (first.spec.node_name, second.spec.node_name),
        (first.spec.service_account_name, second.spec.service_account_name),
        (first.metadata.namespace, second.metadata.namespace),
        (first.metadata.labels["app"], second.metadata.labels["app"]),
        (first.metadata.owner_references[0].name, second.metadata.owner_references[0].name),
    ):
        assert one is other


def test_what_is_absent_stays_so() -> None:
    slice_ = EndpointSlice(metadata=ObjectMeta(name="s"), endpoints=(Endpoint(addresses=("10.0.0.1",)),))
    lean(slice_)
    assert (slice_.endpoints[0].node_name, slice_.endpoints[0].zone) == (None, None)
