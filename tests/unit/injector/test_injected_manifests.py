"""Manifests of every kind: with the wish for a proxy, with the proxy, and without."""

from typing import Any

import pytest
from injector_pods import installation_of, pod

from hauberk.apiserver.patch import json_patch
from hauberk.config.chart import Values
from hauberk.injector.manifest import Wish, inject, uninject

INSTALLATION = installation_of(Values())
AUTOMATIC = Wish(installation=INSTALLATION, settings={})
MANUAL = Wish(
    installation=INSTALLATION, settings={}, manual=lambda found, operations: json_patch(found, list(operations))
)
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": pod()["spec"]}
WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"]


def workload(kind: str, template: dict[str, Any] = TEMPLATE) -> dict[str, Any]:
    spec: dict[str, Any] = {"template": template}
    if kind == "CronJob":
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": spec}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def template_of(document: Any) -> Any:
    spec = document["spec"]
    return (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]


@pytest.mark.parametrize("kind", [*WORKLOADS, "CronJob"])
def test_a_workload_asks_for_a_proxy_and_nothing_else_changes(kind: str) -> None:
    document = workload(kind)
    made, (report,) = inject(document, AUTOMATIC)
    assert (report.name, report.verb) == (f'{kind.lower()} "web"', "injected")
    annotated = {**TEMPLATE, "metadata": {**TEMPLATE["metadata"], "annotations": {"linkerd.io/inject": "enabled"}}}
    assert made == workload(kind, annotated)
    assert document == workload(kind)


@pytest.mark.parametrize("kind", [*WORKLOADS, "CronJob"])
def test_by_hand_the_proxy_is_in_the_manifest_and_can_be_taken_out(kind: str) -> None:
    made, (report,) = inject(workload(kind), MANUAL)
    assert report.verb == "injected"
    template = template_of(made)
    assert [c["name"] for c in template["spec"]["initContainers"]] == ["linkerd-init", "linkerd-proxy"]
    assert template["metadata"]["labels"] == {
        "app": "web",
        "linkerd.io/control-plane-ns": "hauberk",
        "linkerd.io/workload-ns": "shop",
        f"linkerd.io/proxy-{kind.lower()}": "web",
    }
    again, (report,) = inject(made, MANUAL)
    assert (again, report.verb, report.reason) == (made, "skipped", "there is a proxy already")
    without, (report,) = uninject(made)
    assert (without, report.verb) == (workload(kind), "uninjected")
    same, (report,) = uninject(without)
    assert (same, report.verb) == (without, "skipped")


def test_a_pod_itself() -> None:
    document = {"apiVersion": "v1", "kind": "Pod", **pod()}
    made, (report,) = inject(document, MANUAL)
    assert report.name == 'pod "web-"'
    assert made["spec"]["initContainers"]
    assert "linkerd.io/workload-ns" not in made["metadata"]["labels"], "nobody knows yet where it will live"
    assert uninject(made)[0] == document


def test_options_become_annotations_beside_those_that_are_there() -> None:
    settings = {"config.linkerd.io/proxy-cpu-limit": "2", "config.linkerd.io/opaque-ports": "3306"}
    template = {**TEMPLATE, "metadata": {"annotations": {"a": "b", "config.linkerd.io/proxy-cpu-limit": "1"}}}
    made, _ = inject(workload("Deployment", template), Wish(installation=INSTALLATION, settings=settings, ingress=True))
    assert template_of(made)["metadata"]["annotations"] == {"a": "b", "linkerd.io/inject": "ingress", **settings}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}}
    made, (report,) = inject(service, Wish(installation=INSTALLATION, settings=settings))
    assert made["metadata"]["annotations"] == {"config.linkerd.io/opaque-ports": "3306"}
    assert report.verb == "annotated"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    made, (report,) = inject(namespace, Wish(installation=INSTALLATION, settings=settings))
    assert made["metadata"]["annotations"] == {"linkerd.io/inject": "enabled", **settings}
    assert uninject(made)[0] == namespace


def test_ingress_stays_ingress() -> None:
    template = {**TEMPLATE, "metadata": {"annotations": {"linkerd.io/inject": "ingress"}}}
    made, _ = inject(workload("Deployment", template), AUTOMATIC)
    assert template_of(made)["metadata"]["annotations"] == {"linkerd.io/inject": "ingress"}


def test_a_no_stays_a_no() -> None:
    template = {**TEMPLATE, "metadata": {"annotations": {"linkerd.io/inject": "disabled"}}}
    document = workload("Deployment", template)
    for wish in (AUTOMATIC, MANUAL):
        made, (report,) = inject(document, wish)
        assert (made, report.verb) == (document, "skipped")
        assert "disabled" in report.reason
    assert uninject(document)[0] == document


@pytest.mark.parametrize(
    ("spec", "said"),
    [({"hostNetwork": True}, "hostNetwork is on"), ({"os": {"name": "windows"}}, "Linux")],
)
def test_what_can_have_none_is_left_as_it_is(spec: dict[str, Any], said: str) -> None:
    document = workload("Deployment", {**TEMPLATE, "spec": {**pod()["spec"], **spec}})
    made, (report,) = inject(document, AUTOMATIC)
    assert (made, report.verb) == (document, "skipped")
    assert said in report.reason


@pytest.mark.parametrize("kind", ["ConfigMap", "Service", "Unheard", None])
def test_what_makes_no_pods_is_left_as_it_is(kind: str | None) -> None:
    document = {"kind": kind, "metadata": {"name": "x"}, "spec": {"template": TEMPLATE}}
    for change in (lambda found: inject(found, MANUAL), uninject):
        made, (report,) = change(document)
        assert (made, report.verb) == (document, "skipped")


def test_a_list_is_one_report_for_each_entry() -> None:
    document = {"apiVersion": "v1", "kind": "List", "items": [workload("Deployment"), {"kind": "ConfigMap"}, 5]}
    made, reports = inject(document, AUTOMATIC)
    assert [report.verb for report in reports] == ["injected", "skipped", "refused"]
    assert made["kind"] == "List"
    assert template_of(made["items"][0])["metadata"]["annotations"]
    assert made["items"][1:] == document["items"][1:]


@pytest.mark.parametrize(
    "document",
    [
        workload(
            "Deployment", {**TEMPLATE, "metadata": {"annotations": {"config.linkerd.io/skip-inbound-ports": "x"}}}
        ),
        workload("Deployment", {**TEMPLATE, "spec": {"containers": "web"}}),
        {"kind": "Deployment", "metadata": {"name": "web"}},
        {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": None}},
        {"kind": "Namespace", "metadata": "shop"},
        {"kind": "Pod", "metadata": {"annotations": {"a": 1}}},
    ],
)
def test_what_makes_no_sense_is_refused(document: dict[str, Any]) -> None:
    made, (report,) = inject(document, MANUAL)
    assert (made, report.verb) == (document, "refused")
    assert report.reason


def test_warnings_are_told() -> None:
    template = {**TEMPLATE, "metadata": {"annotations": {"config.linkerd.io/close-wait-timeout": "30s"}}}
    _, (report,) = inject(workload("Deployment", template), AUTOMATIC)
    assert report.verb == "injected"
    assert "close-wait-timeout: is not honoured" in report.warnings[0]
