import dataclasses

import pytest

from hauberk.enrollment.mesh import Mesh
from hauberk.enrollment.tuning import AnnotationInvalid, port_list, tuning_of


def test_without_annotations_the_defaults_of_the_mesh_apply(mesh: Mesh) -> None:
    variables = tuning_of({}, dataclasses.replace(mesh, default_inbound_policy="deny")).variables()
    assert variables["INBOUND_DEFAULT_POLICY"] == "deny"
    assert "6379" in variables["INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION"]


@pytest.mark.parametrize(
    ("annotation", "value", "variable", "result"),
    [
        ("opaque-ports", "80, 9000-9010", "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", "80,9000-9010"),
        ("default-inbound-policy", "cluster-authenticated", "INBOUND_DEFAULT_POLICY", "cluster-authenticated"),
        ("proxy-admin-shutdown", "enabled", "SHUTDOWN_ENDPOINT_ENABLED", "true"),
        ("shutdown-grace-period", "30s", "SHUTDOWN_GRACE_PERIOD", "30s"),
        ("proxy-log-level", "debug", "LOG", "debug"),
        ("proxy-log-format", "JSON", "LOG_FORMAT", "json"),
    ],
)
def test_an_annotation_sets_its_variable(annotation: str, value: str, variable: str, result: str, mesh: Mesh) -> None:
    assert tuning_of({f"config.linkerd.io/{annotation}": value}, mesh).variables()[variable] == result


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("opaque-ports", "http"),
        ("opaque-ports", "0"),
        ("opaque-ports", "90-80"),
        ("default-inbound-policy", "open"),
        ("shutdown-grace-period", "soon"),
        ("proxy-admin-shutdown", "perhaps"),
        ("proxy-log-level", "warn\nX=Y"),
        ("proxy-cpu-request", "1"),
        ("debug-image", "x"),
    ],
)
def test_an_annotation_that_is_wrong_or_not_honoured_is_refused_by_name(
    annotation: str, value: str, mesh: Mesh
) -> None:
    with pytest.raises(AnnotationInvalid) as refused:
        tuning_of({f"config.linkerd.io/{annotation}": value}, mesh)
    assert refused.value.annotation == f"config.linkerd.io/{annotation}"


@pytest.mark.parametrize(
    "annotation", ["linkerd.io/inject", "balancer.linkerd.io/failure-accrual", "hauberk.dev/foreign-proxy"]
)
def test_whatever_else_asks_the_mesh_for_something_is_refused_by_name(annotation: str, mesh: Mesh) -> None:
    with pytest.raises(AnnotationInvalid) as refused:
        tuning_of({annotation: "disabled"}, mesh)
    assert refused.value.annotation == annotation


def test_annotations_of_others_are_left_alone(mesh: Mesh) -> None:
    assert tuning_of({"example.com/note": "hello"}, mesh) == tuning_of({}, mesh)


def test_an_empty_port_list_is_one() -> None:
    assert port_list("") == ""
