"""What the API server is told, what owners find, and what is counted."""

import json
from typing import Any

import pytest
from injector_pods import SHOP, installation_of, pod

from hauberk.apiserver.patch import json_patch
from hauberk.config.chart import Values
from hauberk.injector.cluster import Event
from hauberk.injector.metrics import Metrics
from hauberk.injector.server import Injector
from hauberk.injector.subject import Owner, Place
from hauberk.webhook.review import Allowed, Denied, Request, decode
from hauberk.webhook.server import Unanswerable

REPLICA_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": True}
DEPLOYMENT = Owner("Deployment", "web", "apps/v1", "d")


class Known:
    """A cluster that knows two namespaces and one Deployment."""

    def __init__(self) -> None:
        self.places = {"shop": SHOP, "quiet": Place("quiet", {"config.linkerd.io/opaque-ports": "3306"})}
        self.events: list[Event] = []

    async def place(self, namespace: str) -> Place | None:
        return self.places.get(namespace)

    async def owner(self, namespace: str, owner: Owner) -> Owner | None:
        return DEPLOYMENT if (namespace, owner.kind, owner.name) == ("shop", "ReplicaSet", "web-1") else None

    def record(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def injector(known: Known, metrics: Metrics) -> Injector:
    installation = installation_of(Values())
    return Injector(lambda: installation, known, known, metrics)


def asked(document: dict[str, Any] | None, **of_request: Any) -> Request:
    kind = {"group": "", "version": "v1", "kind": of_request.pop("kind", "Pod")}
    request = {"uid": "1", "kind": kind, "operation": "CREATE", "namespace": "shop", "object": document, **of_request}
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return decode(json.dumps(body).encode())


def owned(document: dict[str, Any], reference: dict[str, Any] = REPLICA_SET) -> dict[str, Any]:
    return {**document, "metadata": {**document["metadata"], "ownerReferences": [reference]}}


async def test_a_pod_is_injected_and_its_deployment_told(injector: Injector, known: Known, metrics: Metrics) -> None:
    document = owned(pod())
    answer = await injector.ask(asked(document))
    assert isinstance(answer, Allowed)
    made = json_patch(document, list(answer.operations))
    assert made["metadata"]["labels"]["linkerd.io/proxy-deployment"] == "web"
    assert known.events == [Event("shop", DEPLOYMENT, "Injected", "a proxy was put beside the programs", warning=False)]
    assert any('owner_kind="deployment"' in line and 'skip="false"' in line for line in metrics.lines())


async def test_what_only_looks_leaves_no_event(injector: Injector, known: Known) -> None:
    answer = await injector.ask(asked(owned(pod()), dryRun=True))
    assert isinstance(answer, Allowed)
    assert answer.operations
    assert known.events == []


async def test_a_pod_of_a_person_has_nobody_to_tell(injector: Injector, known: Known) -> None:
    answer = await injector.ask(asked(pod()))
    assert isinstance(answer, Allowed)
    assert known.events == []


async def test_an_owner_that_is_nobodys_is_the_workload(injector: Injector, known: Known) -> None:
    document = owned(pod(), {**REPLICA_SET, "name": "alone"})
    answer = await injector.ask(asked(document))
    assert isinstance(answer, Allowed)
    made = json_patch(document, list(answer.operations))
    assert made["metadata"]["labels"]["linkerd.io/proxy-replicaset"] == "alone"
    assert known.events[0].owner.kind == "ReplicaSet"


async def test_warnings_reach_the_sender_and_the_owner(injector: Injector, known: Known) -> None:
    document = owned(pod(annotations={"config.linkerd.io/proxy-cpu-request": "lots"}))
    answer = await injector.ask(asked(document))
    assert isinstance(answer, Allowed)
    assert answer.warnings == ("config.linkerd.io/proxy-cpu-request: 'lots' is not an amount such as 100m or 64Mi",)
    (event,) = known.events
    assert (event.reason, event.warning) == ("Injected", True)
    assert "proxy-cpu-request" in event.message


async def test_a_refusal_says_why_to_both(injector: Injector, known: Known, metrics: Metrics) -> None:
    document = owned(pod(annotations={"config.linkerd.io/default-inbound-policy": "dennied"}))
    answer = await injector.ask(asked(document))
    assert isinstance(answer, Denied)
    assert "'dennied' is none of deny" in answer.message
    (event,) = known.events
    assert (event.reason, event.warning) == ("InjectionFailed", True)
    assert any('skip_reason="invalid_configuration"' in line for line in metrics.lines())


@pytest.mark.parametrize(
    ("spec", "annotation", "warning"),
    [
        ({"hostNetwork": True}, None, True),
        ({}, "disabled", False),
        ({}, "maybe", True),
    ],
)
async def test_whoever_asked_in_vain_is_told(
    spec: dict[str, Any], annotation: str | None, warning: bool, injector: Injector, known: Known
) -> None:
    document = owned(pod(annotations={"linkerd.io/inject": annotation} if annotation else None, **spec))
    assert await injector.ask(asked(document)) == Allowed([])
    (event,) = known.events
    assert (event.reason, event.warning) == ("InjectionSkipped", warning)
    assert event.message.startswith("no proxy: ")


async def test_whoever_never_asked_is_left_alone(injector: Injector, known: Known, metrics: Metrics) -> None:
    answer = await injector.ask(asked(owned(pod()), namespace="quiet"))
    annotations = {"config.linkerd.io/opaque-ports": "3306"}
    assert answer == Allowed([{"op": "add", "path": "/metadata/annotations", "value": annotations}])
    assert known.events == []
    assert any('skip_reason="injection_enable_annotation_absent"' in line for line in metrics.lines())


async def test_a_service_notes_the_opaque_ports_of_its_namespace(injector: Injector, known: Known) -> None:
    document = {"metadata": {"name": "db", "annotations": {}}, "spec": {"ports": [{"port": 3306}]}}
    answer = await injector.ask(asked(document, kind="Service", namespace="quiet"))
    path = "/metadata/annotations/config.linkerd.io~1opaque-ports"
    assert answer == Allowed([{"op": "add", "path": path, "value": "3306"}])
    assert await injector.ask(asked(document, kind="Service")) == Allowed([])
    assert known.events == []


@pytest.mark.parametrize(
    "of_request",
    [{"operation": "UPDATE"}, {"operation": "DELETE", "object": None}, {"kind": "ConfigMap"}],
)
async def test_anything_else_may_pass(of_request: dict[str, Any], injector: Injector) -> None:
    assert await injector.ask(asked(pod(), **of_request)) == Allowed()


async def test_a_namespace_that_is_not_known_has_no_answer(injector: Injector) -> None:
    with pytest.raises(Unanswerable, match="nowhere"):
        await injector.ask(asked(pod(), namespace="nowhere"))


async def test_events_are_no_longer_than_kubernetes_takes_them(injector: Injector, known: Known) -> None:
    many = {f"config.linkerd.io/n{number}": "x" for number in range(1000)}
    await injector.ask(asked(owned(pod(annotations=many))))
    assert len(known.events[0].message) == 1024
