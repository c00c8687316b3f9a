from typing import Any

import pytest

from hauberk.enrollment.request import EnrollmentInvalid, EnrollmentSpec, parse_enrollment


def parse(**spec: Any) -> EnrollmentSpec:
    raw = {"apiVersion": "hauberk.dev/v1alpha1", "kind": "Enrollment", "metadata": {"namespace": "prod"}, "spec": spec}
    return parse_enrollment(raw, namespace="prod")


def test_what_is_left_out_has_a_default() -> None:
    spec = parse(name="web", ports=[{"port": 80}])
    assert spec.service_account_name == "default"
    assert spec.ports[0].container_port == 80


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec"),
        ({"name": "Web"}, "spec.name"),
        ({"name": "a" * 58}, "spec.name"),
        ({"name": "web", "replicas": 3}, "spec"),
        ({"name": "web", "serviceAccountName": "a b"}, "spec.serviceAccountName"),
        ({"name": "web", "serviceAccountName": "web\n"}, "spec.serviceAccountName"),
        ({"name": "web", "nodeName": "a/b"}, "spec.nodeName"),
        ({"name": "web", "ports": [{"port": 0}]}, "spec.ports[0].port"),
        ({"name": "web", "ports": [{"port": 80, "targetPort": 65536}]}, "spec.ports[0].targetPort"),
        ({"name": "web", "ports": [{"port": 80}, {"port": 80}]}, "spec.ports[1]"),
        ({"name": "web", "ports": [{"port": 80, "name": "HTTP"}]}, "spec.ports[0].name"),
        ({"name": "web", "ports": [{"port": 80, "appProtocol": "a b"}]}, "spec.ports[0].appProtocol"),
        ({"name": "1web", "ports": [{"port": 80}]}, "spec.name"),
        ({"name": "web", "ports": [{"port": 80, "protocol": "UDP"}]}, "spec.ports[0].protocol"),
        ({"name": "web", "ports": [{"port": n} for n in range(1, 66)]}, "spec.ports"),
        ({"name": "web", "labels": {"team": "a b"}}, "spec.labels[team]"),
        ({"name": "web", "labels": {"a//b": ""}}, "spec.labels[a//b]"),
        ({"name": "web", "labels": {"linkerd.io/control-plane-ns": "x"}}, "spec.labels[linkerd.io/control-plane-ns]"),
        ({"name": "web", "labels": {"app": "other"}}, "spec.labels[app]"),
        ({"name": "web", "annotations": {"x": "y" * 300_000}}, "spec.annotations"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_its_field(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(EnrollmentInvalid) as refused:
        parse(**spec)
    assert refused.value.field == field


def test_the_namespace_is_that_of_the_request() -> None:
    raw = {
        "apiVersion": "hauberk.dev/v1alpha1",
        "kind": "Enrollment",
        "metadata": {"namespace": "other"},
        "spec": {"name": "web"},
    }
    with pytest.raises(EnrollmentInvalid, match="namespace"):
        parse_enrollment(raw, namespace="prod")
