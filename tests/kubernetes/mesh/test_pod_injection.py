"""Which pods get a proxy, which do not, and that somebody is told why."""

import json
from pathlib import Path
from typing import Any

import pytest
from podkit import objects
from podkit.asking import ready
from podkit.kubectl import Kubectl, KubectlFailed, until
from podkit.mesh import CONTROL, Namespace, hauberk


@pytest.fixture(scope="module")
def home(namespace: Namespace) -> str:
    return namespace()


def made(kubectl: Kubectl, namespace: str, pod: dict[str, Any]) -> dict[str, Any]:
    """The pod as the API server has it."""
    placed = objects.placed([pod], namespace)[0]
    kubectl("create", "--filename", "-", given=json.dumps(placed))
    return kubectl.get("pod", placed["metadata"]["name"], "--namespace", namespace)


def names(pod: dict[str, Any]) -> set[str]:
    return {container["name"] for container in pod["spec"].get("initContainers", [])}


def test_the_proxy_stands_before_all_others_with_the_labels_that_tools_look_for(kubectl: Kubectl, home: str) -> None:
    pod = made(kubectl, home, objects.pod("plain", objects.spec(objects.shell())))
    assert [container["name"] for container in pod["spec"]["initContainers"]] == ["linkerd-init", "linkerd-proxy"]
    assert pod["metadata"]["labels"]["linkerd.io/control-plane-ns"] == CONTROL
    proxy = pod["spec"]["initContainers"][1]
    assert proxy["restartPolicy"] == "Always"
    assert {port["name"] for port in proxy["ports"]} == {"linkerd-proxy", "linkerd-admin"}
    assert proxy["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("name", "fields", "annotations"),
    [
        ("disabled", {}, {"linkerd.io/inject": "disabled"}),
        ("host", {"hostNetwork": True}, {}),
    ],
)
def test_some_pods_have_none(
    kubectl: Kubectl, home: str, name: str, fields: dict[str, Any], annotations: dict[str, str]
) -> None:
    pod = objects.pod(name, objects.spec(objects.shell(), **fields), annotations)
    assert names(made(kubectl, home, pod)) == set()


def test_a_pod_without_a_token_of_its_own_has_a_proxy_with_one(kubectl: Kubectl, home: str) -> None:
    of = objects.spec(objects.shell(), automountServiceAccountToken=False)
    pod = made(kubectl, home, objects.pod("tokenless", of))
    assert names(pod) == {"linkerd-init", "linkerd-proxy"}
    (program,) = pod["spec"]["containers"]
    assert not any("secrets" in mount["mountPath"] for mount in program.get("volumeMounts", []))
    # It has its certificate, or would never be ready.
    ready(kubectl, home, "tokenless")


def test_a_proxy_that_was_written_by_hand_gets_its_certificate(
    kubectl: Kubectl, namespace: Namespace, tmp_path: Path
) -> None:
    home, file = namespace({"linkerd.io/inject": "disabled"}), tmp_path / "pod.json"
    pod = objects.pod("manual", objects.spec(objects.shell()))
    file.write_text(json.dumps(objects.placed([pod], home)[0]))
    kubectl("create", "--filename", "-", given=hauberk(kubectl, "inject", "--manual", str(file)))
    assert names(kubectl.get("pod", "manual", "--namespace", home)) == {"linkerd-init", "linkerd-proxy"}
    ready(kubectl, home, "manual")


def test_annotations_of_the_pod_are_honoured(kubectl: Kubectl, home: str) -> None:
    annotations = {"config.linkerd.io/proxy-cpu-request": "10m", "config.linkerd.io/proxy-log-level": "debug"}
    pod = made(kubectl, home, objects.pod("tuned", objects.spec(objects.shell()), annotations))
    proxy = next(c for c in pod["spec"]["initContainers"] if c["name"] == "linkerd-proxy")
    assert proxy["resources"]["requests"]["cpu"] == "10m"
    log = next(variable["value"] for variable in proxy["env"] if variable["name"] == "LINKERD2_PROXY_LOG")
    assert log.startswith("debug")


def test_what_would_weaken_security_unnoticed_is_refused(kubectl: Kubectl, home: str) -> None:
    annotations = {"config.linkerd.io/default-inbound-policy": "everybody"}
    with pytest.raises(KubectlFailed, match="default-inbound-policy"):
        made(kubectl, home, objects.pod("weak", objects.spec(objects.shell()), annotations))


def test_the_workload_is_told_why_there_is_no_proxy(kubectl: Kubectl, home: str) -> None:
    of = objects.spec(objects.shell(), hostNetwork=True)
    kubectl.apply(*objects.placed([objects.deployment("outside", of)], home))

    def told() -> str | None:
        events = kubectl.get("events", "--namespace", home)["items"]
        found = [e for e in events if e["reason"] == "InjectionSkipped" and e["involvedObject"]["name"] == "outside"]
        return str(found[0]["message"]) if found else None

    assert "hostNetwork" in until("an event", told)


def test_ten_thousand_annotations_are_no_reason_to_fail(kubectl: Kubectl, home: str) -> None:
    many = {f"example.com/note-{number}": "x" for number in range(10_000)}
    pod = made(kubectl, home, objects.pod("many", objects.spec(objects.shell()), many))
    assert names(pod) == {"linkerd-init", "linkerd-proxy"}


def test_names_at_the_limit_of_their_length_are_no_reason_to_fail(kubectl: Kubectl, home: str) -> None:
    long = "a" * 63
    kubectl.apply(*objects.placed([objects.account(long)], home))
    deployment = objects.deployment(long, objects.spec(objects.shell(), account=long))
    kubectl.apply(*objects.placed([deployment], home))
    kubectl.rolled_out(home, f"deployment/{long}")
