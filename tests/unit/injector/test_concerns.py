"""What keeps the pod away, and what is only told."""

from typing import Any

import pytest
from injector_pods import SHOP, container, injected, pod

from hauberk.injector.installation import Installation
from hauberk.injector.outcome import Injected, Refused
from hauberk.injector.patch import patch
from hauberk.injector.subject import Place


def outcome_of(document: dict[str, Any], installation: Installation, place: Place = SHOP) -> object:
    return patch(document, place, None, installation)


def warnings_of(document: dict[str, Any], installation: Installation, place: Place = SHOP) -> str:
    outcome = outcome_of(document, installation, place)
    assert isinstance(outcome, Injected), outcome
    return "\n".join(outcome.warnings)


def reasons_of(document: dict[str, Any], installation: Installation, place: Place = SHOP) -> str:
    outcome = outcome_of(document, installation, place)
    assert isinstance(outcome, Refused), outcome
    return "\n".join(outcome.reasons)


def test_an_ordinary_pod_is_no_concern(installation: Installation) -> None:
    assert warnings_of(pod(), installation) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("default-inbound-policy", "dennied"),
        ("proxy-require-identity-inbound-ports", "http"),
        ("skip-inbound-ports", "80-"),
        ("skip-outbound-ports", "all"),
        ("skip-subnets", "10.0.0.0/64"),
        ("opaque-ports", "a b"),
        ("opaque-ports", "mysql"),
    ],
)
def test_a_guard_that_makes_no_sense_keeps_the_pod_away(key: str, value: str, installation: Installation) -> None:
    annotations = {f"config.linkerd.io/{key}": value}
    assert key in reasons_of(pod(annotations=annotations), installation)


def test_so_does_that_of_the_namespace_unless_the_pod_says_better(installation: Installation) -> None:
    place = Place("shop", {**SHOP.annotations, "config.linkerd.io/default-inbound-policy": "dennied"})
    assert "dennied" in reasons_of(pod(), installation, place)
    better = pod(annotations={"config.linkerd.io/default-inbound-policy": "deny"})
    assert warnings_of(better, installation, place) == ""
    # Not every pod of a namespace has a port of that name.
    place = Place("shop", {**SHOP.annotations, "config.linkerd.io/opaque-ports": "mysql"})
    assert warnings_of(pod(), installation, place) == ""


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        ("config.linkerd.io/proxy-cpu-request", "much", "not an amount"),
        ("config.linkerd.io/proxy-log-level", "a\nb", "not a log filter"),
        ("config.linkerd.io/proxy-metrics-hostname-labels", "true", "is not honoured"),
        ("config.linkerd.io/trace-collector", "x", "means nothing"),
        ("viz.linkerd.io/disable-tap", "true", "means nothing"),
    ],
)
def test_whatever_else_makes_no_sense_is_told(
    annotation: str, value: str, said: str, installation: Installation
) -> None:
    document = pod(annotations={annotation: value})
    told = warnings_of(document, installation)
    assert annotation in told
    assert said in told
    plain = container(injected(pod(), installation))
    assert container(injected(document, installation)) == plain


def test_a_request_above_the_limit_reserves_nothing(installation: Installation) -> None:
    annotations = {"config.linkerd.io/proxy-cpu-request": "2", "config.linkerd.io/proxy-cpu-limit": "1500m"}
    assert "more than the limit" in warnings_of(pod(annotations=annotations), installation)
    made = injected(pod(annotations=annotations), installation)
    assert container(made)["resources"] == {"limits": {"cpu": "1500m"}}
    annotations["config.linkerd.io/proxy-cpu-request"] = "1.5"
    assert warnings_of(pod(annotations=annotations), installation) == ""


@pytest.mark.parametrize("port", [4143, 4140, 4191, 4190])
def test_a_program_cannot_have_a_port_of_the_proxy(port: int, installation: Installation) -> None:
    document = pod({"name": "web", "ports": [{"containerPort": port}]})
    assert f"port {port} of container web is the proxy's own" in reasons_of(document, installation)
    assert warnings_of(pod({"name": "web", "ports": [{"containerPort": port, "protocol": "UDP"}]}), installation)


def test_the_proxy_needs_four_ports(installation: Installation) -> None:
    assert "four different ports" in reasons_of(pod(annotations={"config.linkerd.io/admin-port": "4143"}), installation)


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"name": "web", "securityContext": {"runAsUser": 2102}}]},
        {"containers": [{"name": "web"}], "securityContext": {"runAsUser": 2102}},
        {
            "containers": [{"name": "other", "securityContext": {"runAsUser": 1}}],
            "initContainers": [{"name": "web", "restartPolicy": "Always", "securityContext": {"runAsUser": 2102}}],
        },
    ],
)
def test_a_program_cannot_be_the_proxys_user(spec: dict[str, Any], installation: Installation) -> None:
    document = {"metadata": {}, "spec": spec}
    assert "container web runs as the proxy's user 2102" in reasons_of(document, installation)
    document["metadata"] = {"annotations": {"config.linkerd.io/proxy-uid": "2103"}}
    assert warnings_of(document, installation) == ""


def test_what_does_not_pass_the_proxy_is_told(installation: Installation) -> None:
    ports = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}, {"containerPort": 9, "protocol": "SCTP"}]
    told = warnings_of(pod({"name": "dns", "ports": ports}), installation)
    assert told == "only TCP passes the proxy: 53/UDP, 9/SCTP do not"


def test_an_account_whose_identity_is_no_name_is_refused(installation: Installation) -> None:
    assert warnings_of(pod(serviceAccountName="a" * 63), installation) == ""
    assert "is no DNS name" in reasons_of(pod(serviceAccountName="a" * 64), installation)
    assert "is no DNS name" in reasons_of(pod(serviceAccountName=".".join(["a" * 60] * 4)), installation)
