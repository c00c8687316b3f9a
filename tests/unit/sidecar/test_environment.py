import json
from collections.abc import Callable
from functools import partial

import pytest

from hauberk.enrollment.mesh import Mesh
from hauberk.sidecar.environment import ProxySubject, environment_of
from hauberk.sidecar.tuning import tuning_of_pod

CONTROL = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local"


@pytest.fixture
def environment(mesh: Mesh) -> Callable[..., dict[str, str]]:
    return partial(environment_with, mesh)


def environment_with(
    mesh: Mesh, *, ingress: bool = False, pod_ip: str = "10.77.0.9", **annotations: str
) -> dict[str, str]:
    named = {f"config.linkerd.io/{k.replace('_', '-')}": v for k, v in annotations.items()}
    subject = ProxySubject(
        namespace="prod",
        pod="web-abcde",
        node="host",
        identity="web.prod.serviceaccount.identity.hauberk.cluster.local",
        pod_ip=pod_ip,
        inbound_ports=[8443, 8080, 8080],
        tuning=tuning_of_pod(named, mesh.defaults)[0],
        ingress=ingress,
    )
    return environment_of(subject, mesh.home, trust_anchors="PEM")


def test_it_is_complete_but_for_what_only_the_runner_knows(environment: Callable[..., dict[str, str]]) -> None:
    """The required variables of the contract, without which a proxy refuses to start."""
    required = {
        "IDENTITY_TRUST_ANCHORS": "PEM",
        "IDENTITY_LOCAL_NAME": "web.prod.serviceaccount.identity.hauberk.cluster.local",
        "IDENTITY_SVC_ADDR": "10.77.0.1:8086",
        "IDENTITY_SVC_NAME": CONTROL,
        "DESTINATION_SVC_ADDR": "10.77.0.1:8086",
        "DESTINATION_SVC_NAME": CONTROL,
        "POLICY_SVC_ADDR": "10.77.0.1:8086",
        "POLICY_SVC_NAME": CONTROL,
        "INBOUND_IPS": "10.77.0.9",
        "INBOUND_PORTS": "8080,8443",
        "DESTINATION_PROFILE_NETWORKS": "10.77.0.0/16,10.78.0.0/16",
        "POLICY_CLUSTER_NETWORKS": "10.77.0.0/16,10.78.0.0/16",
        "ADMIN_LISTEN_ADDR": "0.0.0.0:4191",
    }
    variables = environment()
    assert {name: variables[f"LINKERD2_PROXY_{name}"] for name in required} == required
    assert not {"LINKERD2_PROXY_IDENTITY_DIR", "LINKERD2_PROXY_IDENTITY_TOKEN_FILE"} & variables.keys()


def test_the_workload_names_itself_to_the_control_plane(environment: Callable[..., dict[str, str]]) -> None:
    variables = environment()
    assert json.loads(variables["LINKERD2_PROXY_POLICY_WORKLOAD"]) == {"ns": "prod", "pod": "web-abcde"}
    assert json.loads(variables["LINKERD2_PROXY_DESTINATION_CONTEXT"]) == {
        "ns": "prod",
        "pod": "web-abcde",
        "nodeName": "host",
    }


def test_both_loopbacks_catch_outbound_connections(environment: Callable[..., dict[str, str]]) -> None:
    assert environment()["LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS"] == "127.0.0.1:4140,[::1]:4140"


def test_ports_are_those_of_the_annotations(environment: Callable[..., dict[str, str]]) -> None:
    variables = environment(inbound_port="5143", outbound_port="5140", admin_port="5191", control_port="5190")
    found = {
        name: variables[f"LINKERD2_PROXY_{name}"].rpartition(":")[2]
        for name in (
            "INBOUND_LISTEN_ADDR",
            "OUTBOUND_LISTEN_ADDR",
            "OUTBOUND_LISTEN_ADDRS",
            "ADMIN_LISTEN_ADDR",
            "CONTROL_LISTEN_ADDR",
        )
    }
    assert list(found.values()) == ["5143", "5140", "5140", "5191", "5190"]


def test_an_annotation_wins_over_the_default(environment: Callable[..., dict[str, str]]) -> None:
    name = "LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT"
    assert environment()[name] == "5s"
    assert environment(proxy_outbound_discovery_cache_unused_timeout="1m")[name] == "1m"
    assert environment()["LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT"] == "10s"


def test_modes_are_off_unless_they_are_asked_for(environment: Callable[..., dict[str, str]]) -> None:
    modes = {"LINKERD2_PROXY_INGRESS_MODE", "LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES"}
    assert not modes & environment().keys()
    assert environment(ingress=True)["LINKERD2_PROXY_INGRESS_MODE"] == "true"
    gateway = environment(enable_gateway="true")
    assert gateway["LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES"] == "svc.cluster.local."
    suffixes = "LINKERD2_PROXY_DESTINATION_PROFILE_SUFFIXES"
    assert environment()[suffixes] == "svc.cluster.local."
    assert environment(enable_external_profiles="true")[suffixes] == "."


def test_the_address_may_be_left_to_whoever_starts_the_proxy(environment: Callable[..., dict[str, str]]) -> None:
    assert "LINKERD2_PROXY_INBOUND_IPS" not in environment(pod_ip="")
