"""The proxy's variables in a pod: complete, of this pod, and only what was meant."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from injector_pods import ANCHORS, container, injected, installation_of, pod, variables

from hauberk.config.chart import Proxy, Values
from hauberk.injector.installation import Installation, installed
from hauberk.injector.literal import literal
from hauberk.injector.subject import Place

INGRESS = {"linkerd.io/inject": "ingress"}


def expanded(text: str, known: dict[str, str]) -> str:
    """As kubelet replaces references: `$$` is a dollar, what is not known stays."""
    return re.sub(r"\$\$|\$\(([^)]*)\)", lambda m: "$" if m[1] is None else known.get(m[1], m[0]), text)


def test_the_pod_names_itself_once_it_is_there(installation: Installation) -> None:
    made = injected(pod(), installation)
    known = {"_pod_name": "web-x", "_pod_ns": "shop", "_pod_nodeName": "n1", "_pod_sa": "web"}
    env = container(made)["env"]
    assert [v["name"] for v in env[:6]] == [
        "_pod_name",
        "_pod_ns",
        "_pod_uid",
        "_pod_ip",
        "_pod_nodeName",
        "_pod_sa",
    ], "references are replaced by what stands before only"
    found = {name: expanded(text, known) for name, text in variables(made).items()}
    assert found["IDENTITY_LOCAL_NAME"] == "web.shop.serviceaccount.identity.hauberk.cluster.local"
    assert json.loads(found["POLICY_WORKLOAD"]) == {"ns": "shop", "pod": "web-x"}
    assert json.loads(found["DESTINATION_CONTEXT"]) == {"ns": "shop", "pod": "web-x", "nodeName": "n1"}
    assert found["IDENTITY_TRUST_ANCHORS"] == ANCHORS
    ips = next(v for v in env if v["name"] == "LINKERD2_PROXY_INBOUND_IPS")
    assert ips["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIPs"}}


def test_the_control_plane_is_found_by_name_and_proves_it() -> None:
    values = Values(cluster_domain="example.org", identity_trust_domain="trust.example")
    mesh = installed(values, namespace="mesh", trust_anchors=ANCHORS)
    found = variables(injected(pod(), mesh))
    assert {name: found[f"{name}_SVC_ADDR"] for name in ("IDENTITY", "DESTINATION", "POLICY")} == {
        "IDENTITY": "linkerd-identity-headless.mesh.svc.example.org.:8080",
        "DESTINATION": "linkerd-dst-headless.mesh.svc.example.org.:8086",
        "POLICY": "linkerd-dst-headless.mesh.svc.example.org.:8086",
    }
    account = "mesh.serviceaccount.identity.mesh.trust.example"
    assert found["IDENTITY_SVC_NAME"] == f"linkerd-identity.{account}"
    assert found["DESTINATION_SVC_NAME"] == found["POLICY_SVC_NAME"] == f"linkerd-destination.{account}"
    assert found["IDENTITY_LOCAL_NAME"].endswith(".serviceaccount.identity.mesh.trust.example")
    assert found["DESTINATION_PROFILE_SUFFIXES"] == "svc.example.org."


def test_ports_are_those_of_containers_and_of_probes(installation: Installation) -> None:
    web = {
        "name": "web",
        "ports": [
            {"containerPort": 8080, "name": "http"},
            {"containerPort": 53, "protocol": "UDP"},
            {"containerPort": 9090, "protocol": "TCP"},
        ],
        "livenessProbe": {"httpGet": {"port": 8081}},
        "readinessProbe": {"httpGet": {"port": "http"}},
        "startupProbe": {"httpGet": {"port": "nameless"}},
    }
    helper = {"name": "helper", "restartPolicy": "Always", "ports": [{"containerPort": 7000}]}
    once = {"name": "once", "ports": [{"containerPort": 7001}]}
    document = pod(web, initContainers=[helper, once])
    assert variables(injected(document, installation))["INBOUND_PORTS"] == "7000,8080,8081,9090"
    document["metadata"]["annotations"] = {"config.linkerd.io/pod-inbound-ports": "80,9000-9001"}
    assert variables(injected(document, installation))["INBOUND_PORTS"] == "80,9000-9001"


def test_names_of_opaque_ports_become_numbers(installation: Installation) -> None:
    named = {"name": "db", "ports": [{"containerPort": 3307, "name": "mysql"}]}
    place = Place("shop", {"linkerd.io/inject": "enabled", "config.linkerd.io/opaque-ports": "25,mysql,redis"})
    found = variables(injected(pod(named), installation, place=place))
    assert found["INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION"] == "25,3307"


def test_modes_and_families(installation: Installation) -> None:
    assert "INGRESS_MODE" not in variables(injected(pod(), installation))
    assert variables(injected(pod(annotations=INGRESS), installation))["INGRESS_MODE"] == "true"
    gateway = injected(pod(annotations={"config.linkerd.io/enable-gateway": "true"}), installation)
    assert variables(gateway)["INBOUND_GATEWAY_SUFFIXES"] == "svc.cluster.local."
    assert variables(injected(pod(), installation))["INBOUND_LISTEN_ADDR"] == "[::]:4143"
    without = injected(pod(), installation_of(Values(disable_ipv6=True)))
    assert variables(without)["ADMIN_LISTEN_ADDR"] == "0.0.0.0:4191"


def test_a_pod_may_add_variables_and_change_ours(installation: Installation) -> None:
    added = [
        {"name": "HAUBERK_PROXY_BUFFER_MEMORY", "value": "64Mi"},
        {"name": "LINKERD2_PROXY_LOG", "value": "debug"},
        {"name": "WHERE", "value": "on $(_pod_nodeName)"},
        {"name": "ZONE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['zone']"}}},
        {"name": "EMPTY"},
    ]
    made = injected(pod(annotations={"config.linkerd.io/proxy-additional-env": json.dumps(added)}), installation)
    env = {v["name"]: v for v in container(made)["env"]}
    assert [env[v["name"]] for v in added[:4]] == added[:4]
    assert env["EMPTY"] == {"name": "EMPTY", "value": ""}
    assert variables(made)["LOG"] == "debug"


@pytest.mark.parametrize("hostile", ["$(_pod_sa)", "warn$$(X)", "a$b", "$"])
def test_nothing_that_a_person_wrote_refers_to_a_variable(hostile: str, installation: Installation) -> None:
    made = injected(pod(annotations={"config.linkerd.io/proxy-log-level": hostile}), installation)
    log = variables(made)["LOG"]
    assert expanded(log, {"_pod_sa": "secret", "X": "y"}).startswith(hostile + ",")


def test_nor_does_what_the_installation_says() -> None:
    mesh = installed(
        Values(proxy=Proxy(log_level="$(_pod_sa)")), namespace="hauberk", trust_anchors="# $(_pod_name)\n" + ANCHORS
    )
    found = {
        name: expanded(text, {"_pod_name": "x", "_pod_sa": "y"})
        for name, text in variables(injected(pod(), mesh)).items()
    }
    assert found["IDENTITY_TRUST_ANCHORS"] == "# $(_pod_name)\n" + ANCHORS
    assert found["LOG"].startswith("$(_pod_sa),")


@given(st.text())
def test_a_literal_is_what_it_was(text: str) -> None:
    assert expanded(literal(text), {"": "x", "a": "b"}) == text
