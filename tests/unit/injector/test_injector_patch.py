"""What is put beside the programs: order, containers, volumes, for pods of every shape."""

from typing import Any

import pytest
from injector_pods import SHOP, arguments, container, injected, installation_of, pod, variables

from hauberk.config.chart import Cni, Image, Proxy, ProxyInit, Quantity, Resources, Values
from hauberk.injector.installation import Installation
from hauberk.injector.outcome import Injected, Reason, Refused, Skipped
from hauberk.injector.patch import note, patch
from hauberk.injector.subject import Place

CLASSIC = {"config.linkerd.io/proxy-enable-native-sidecar": "false"}
WITH_PLUGIN = Values(cni=Cni(enabled=True))
AWAIT = ["/hauberk-proxy", "await", "--timeout", "2m", "--port", "4191"]


def names(containers: list[dict[str, Any]]) -> list[str]:
    return [c["name"] for c in containers]


def test_the_redirect_and_the_proxy_come_before_everything(installation: Installation) -> None:
    made = injected(pod(initContainers=[{"name": "migrate"}]), installation)
    assert names(made["spec"]["initContainers"]) == ["linkerd-init", "linkerd-proxy", "migrate"]
    assert names(made["spec"]["containers"]) == ["web"]
    proxy = container(made)
    assert proxy["restartPolicy"] == "Always"
    assert proxy["lifecycle"] == {"postStart": {"exec": {"command": AWAIT}}}
    assert "startupProbe" not in proxy


def test_an_image_of_somebody_else_is_awaited_by_a_probe(installation: Installation) -> None:
    theirs = {"config.linkerd.io/proxy-image": "example.org/proxy"}
    proxy = container(injected(pod(annotations=theirs), installation))
    assert proxy["startupProbe"]["httpGet"] == {"path": "/ready", "port": 4191}
    assert "lifecycle" not in proxy


def test_a_sidecar_like_the_others_comes_first_among_them_and_is_awaited(installation: Installation) -> None:
    made = injected(pod(annotations=CLASSIC, initContainers=[{"name": "migrate"}]), installation)
    # Before there is a proxy, init containers need their own network.
    assert names(made["spec"]["initContainers"]) == ["migrate", "linkerd-init"]
    assert names(made["spec"]["containers"]) == ["linkerd-proxy", "web"]
    proxy = container(made)
    assert proxy["lifecycle"] == {"postStart": {"exec": {"command": AWAIT}}}
    assert not {"restartPolicy", "startupProbe"} & proxy.keys()


def test_the_installation_may_say_so_for_all(installation: Installation) -> None:
    classic = installation_of(Values(proxy=Proxy(native_sidecar=False, await_=False)))
    made = injected(pod(), classic)
    assert names(made["spec"]["containers"]) == ["linkerd-proxy", "web"]
    assert "lifecycle" not in container(made)
    native = {"config.linkerd.io/proxy-enable-native-sidecar": "true", "config.linkerd.io/proxy-await": "enabled"}
    assert injected(pod(annotations=native), classic)["spec"]["containers"] == pod()["spec"]["containers"]
    assert "lifecycle" in container(injected(pod(annotations=native), classic))
    unawaited = container(injected(pod(annotations={"config.linkerd.io/proxy-await": "disabled"}), installation))
    assert "lifecycle" not in unawaited
    assert unawaited["readinessProbe"]["initialDelaySeconds"] == 2


def test_with_a_plugin_nobody_writes_rules_and_the_proxy_looks_at_them() -> None:
    made = injected(pod(initContainers=[{"name": "migrate"}]), installation_of(WITH_PLUGIN))
    assert names(made["spec"]["initContainers"]) == ["linkerd-proxy", "migrate"]
    assert variables(made)["HAUBERK_PROXY_VALIDATE_REDIRECT"] == "10s"
    assert "linkerd-proxy-init-xtables-lock" not in names(made["spec"]["volumes"])


@pytest.mark.parametrize("plugin", [True, False])
def test_without_a_plugin_or_where_others_run_first_a_proxy_does_not_look(plugin: bool) -> None:
    values = WITH_PLUGIN if plugin else Values()
    made = injected(pod(annotations=CLASSIC if plugin else {}), installation_of(values))
    assert "HAUBERK_PROXY_VALIDATE_REDIRECT" not in variables(made)


def test_before_a_proxy_of_somebody_else_a_container_looks() -> None:
    theirs = {"config.linkerd.io/proxy-image": "example.org/proxy"}
    made = injected(pod(annotations=theirs, initContainers=[{"name": "migrate"}]), installation_of(WITH_PLUGIN))
    assert names(made["spec"]["initContainers"]) == ["linkerd-network-validator", "linkerd-proxy", "migrate"]
    looking = container(made, "linkerd-network-validator")
    verb, *words = looking["args"]
    assert verb == "validate-network"
    assert dict(zip(words[::2], words[1::2], strict=True)) == {
        "--timeout": "10s",
        "--proxy-uid": "2102",
        "--listen-addr": "[::]:4140",
    }
    assert looking["securityContext"]["runAsUser"] not in (0, 2102), "the proxy's own connections are not redirected"
    assert "linkerd-proxy-init-xtables-lock" not in names(made["spec"]["volumes"])


def test_the_proxy_may_do_nothing_that_it_need_not(installation: Installation) -> None:
    made = injected(pod(), installation)
    assert container(made)["securityContext"] == {
        "runAsUser": 2102,
        "runAsGroup": 2102,
        "runAsNonRoot": True,
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    redirect = container(made, "linkerd-init")["securityContext"]
    assert redirect["capabilities"] == {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]}
    assert (redirect["runAsUser"], redirect["runAsNonRoot"], redirect["allowPrivilegeEscalation"]) == (0, False, False)
    assert redirect["readOnlyRootFilesystem"]


def test_the_token_is_for_the_mesh_alone(installation: Installation) -> None:
    made = injected(pod(), installation)
    volumes = {volume["name"]: volume for volume in made["spec"]["volumes"]}
    token = {"path": "linkerd-identity-token", "audience": "identity.l5d.io", "expirationSeconds": 86400}
    assert volumes["linkerd-identity-token"]["projected"] == {"sources": [{"serviceAccountToken": token}]}
    assert volumes["linkerd-identity-end-entity"]["emptyDir"] == {"medium": "Memory"}
    mounts = {mount["name"]: mount["mountPath"] for mount in container(made)["volumeMounts"]}
    assert variables(made)["IDENTITY_TOKEN_FILE"] == mounts["linkerd-identity-token"] + "/linkerd-identity-token"
    assert variables(made)["IDENTITY_DIR"] == mounts["linkerd-identity-end-entity"]


@pytest.mark.parametrize(
    "document",
    [
        {"metadata": {"generateName": "web-"}, "spec": {"containers": [{"name": "web"}]}},
        {"metadata": {"labels": None, "annotations": None}, "spec": {"containers": [], "volumes": None}},
        {"metadata": {"labels": {}, "annotations": {}}, "spec": {"containers": [{"name": "w"}], "initContainers": []}},
        {"spec": {"containers": [{"name": "web"}], "volumes": [], "initContainers": None}},
        {"metadata": {}, "spec": {"containers": [{"name": "web"}], "ephemeralContainers": [{"name": "shell"}]}},
        {"metadata": {}},
    ],
)
@pytest.mark.parametrize("native", [True, False])
def test_a_pod_may_lack_everything(document: dict[str, Any], native: bool, installation: Installation) -> None:
    installation = installation_of(Values(proxy=Proxy(native_sidecar=native)))
    made = injected(document, installation)
    container(made | {"spec": {"containers": [], **made["spec"]}})
    assert made["metadata"]["labels"]["linkerd.io/control-plane-ns"] == "hauberk"
    assert made["metadata"]["annotations"]["linkerd.io/proxy-version"]
    assert len(made["spec"]["volumes"]) == 3


def test_volumes_of_a_former_proxy_are_replaced(installation: Installation) -> None:
    """Two volumes of one name would make the pod invalid, and a foreign one is not the mesh's token."""
    mine = [{"name": "data", "emptyDir": {}}, {"name": "linkerd-identity-token", "emptyDir": {}}]
    volumes = injected(pod(volumes=mine), installation)["spec"]["volumes"]
    assert sorted(names(volumes)) == sorted({*names(volumes)})
    assert volumes[0] == mine[0]
    assert "projected" in volumes[1]


def test_the_redirect_knows_what_the_annotations_say(installation: Installation) -> None:
    assert arguments(injected(pod(), installation)) == {
        "--proxy-uid": "2102",
        "--inbound-port": "4143",
        "--outbound-port": "4140",
        "--admin-port": "4191",
        "--control-port": "4190",
        "--skip-inbound-ports": "4567,4568",
        "--skip-outbound-ports": "4567,4568",
        "--mode": "auto",
    }
    annotations = {
        "config.linkerd.io/proxy-uid": "3000",
        "config.linkerd.io/inbound-port": "5143",
        "config.linkerd.io/outbound-port": "5140",
        "config.linkerd.io/control-port": "5190",
        "config.linkerd.io/admin-port": "5191",
        "config.linkerd.io/skip-inbound-ports": "25",
        "config.linkerd.io/skip-outbound-ports": "",
        "config.linkerd.io/skip-subnets": "10.1.0.0/16",
    }
    made = injected(pod(annotations=annotations), installation_of(Values(proxy_init=ProxyInit(mode="nft"))))
    assert arguments(made) == {
        "--proxy-uid": "3000",
        "--inbound-port": "5143",
        "--outbound-port": "5140",
        "--admin-port": "5191",
        "--control-port": "5190",
        "--skip-inbound-ports": "25",
        "--skip-subnets": "10.1.0.0/16",
        "--mode": "nft",
    }
    proxy = container(made)
    assert [port["containerPort"] for port in proxy["ports"]] == [5143, 5191]
    assert {proxy[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")} == {5191}
    assert proxy["lifecycle"]["postStart"]["exec"]["command"][-1] == "5191"
    assert proxy["securityContext"]["runAsUser"] == 3000


@pytest.mark.parametrize(
    ("name", "version", "image"),
    [
        ("example.com/proxy", "v1", "example.com/proxy:v1"),
        ("example.com:5000/proxy", "v1", "example.com:5000/proxy:v1"),
        ("example.com/proxy:v2", "v1", "example.com/proxy:v2"),
        ("example.com/proxy@sha256:00", "v1", "example.com/proxy@sha256:00"),
    ],
)
def test_the_pods_own_image_is_its_proxys_alone(
    name: str, version: str, image: str, installation: Installation
) -> None:
    annotations = {"config.linkerd.io/proxy-image": name, "config.linkerd.io/proxy-version": version}
    made = injected(pod(annotations=annotations), installation)
    assert container(made)["image"] == image
    assert container(made, "linkerd-init")["image"] == container(injected(pod(), installation))["image"]
    assert made["metadata"]["annotations"]["linkerd.io/proxy-version"] == version


def test_resources_are_the_annotations_or_the_installations() -> None:
    resources = Resources(cpu=Quantity(request="100m"), memory=Quantity(request="20Mi", limit="250Mi"))
    values = Values(proxy=Proxy(image=Image(name="p", pull_policy="Never"), resources=resources))
    annotations = {"config.linkerd.io/proxy-cpu-limit": "1500m", "config.linkerd.io/proxy-memory-limit": "1Gi"}
    made = injected(pod(annotations=annotations), installation_of(values))
    assert container(made)["resources"] == {
        "requests": {"cpu": "100m", "memory": "20Mi"},
        "limits": {"cpu": "1500m", "memory": "1Gi"},
    }
    assert variables(made)["CORES"] == "2"
    assert container(made, "linkerd-init")["resources"] == {}
    assert {c["imagePullPolicy"] for c in made["spec"]["initContainers"]} == {"Never"}


def test_a_proxy_that_waits_before_it_ends(installation: Installation) -> None:
    wait = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"
    made = injected(pod(annotations={wait: "20"}), installation)
    assert container(made)["lifecycle"]["preStop"] == {"exec": {"command": ["/hauberk-proxy", "sleep", "20"]}}
    outcome = patch(pod(annotations={wait: "60"}, terminationGracePeriodSeconds=40), SHOP, None, installation)
    assert isinstance(outcome, Injected)
    assert any("lasts 40 s" in warning for warning in outcome.warnings)
    made = injected(pod(annotations={wait: "60"}, terminationGracePeriodSeconds=40), installation)
    assert container(made)["lifecycle"]["preStop"]["exec"]["command"][-1] == "40"
    made = injected(pod(annotations={wait: "60"}, terminationGracePeriodSeconds=0), installation)
    assert "preStop" not in container(made)["lifecycle"]


def test_somebodys_tools_may_stand_beside_the_proxy(installation: Installation) -> None:
    wanted = {
        "config.linkerd.io/enable-debug-sidecar": "true",
        "config.linkerd.io/debug-image": "example.com/tools",
        "config.linkerd.io/debug-image-version": "v3",
    }
    made = injected(pod(annotations=wanted), installation)
    assert names(made["spec"]["containers"]) == ["web", "linkerd-debug"]
    assert container(made, "linkerd-debug")["image"] == "example.com/tools:v3"
    refused = patch(pod(annotations={"config.linkerd.io/enable-debug-sidecar": "true"}), SHOP, None, installation)
    assert isinstance(refused, Refused)
    assert "name one with config.linkerd.io/debug-image" in refused.reasons[0]


def test_what_has_a_proxy_gets_no_second_one(installation: Installation) -> None:
    made = injected(pod(), installation)
    assert patch(made, SHOP, None, installation) == Skipped(
        reason=Reason.SIDECAR, operations=[], annotation_at="workload"
    )


def test_an_object_that_is_no_pod_is_refused(installation: Installation) -> None:
    for wrong in ({"spec": {"containers": "web"}}, {"metadata": {"annotations": {"a": True}}}, {"spec": []}):
        outcome = patch(wrong, SHOP, None, installation)
        assert isinstance(outcome, Refused)
        assert "this is no pod" in outcome.reasons[0]


def test_whoever_gets_no_proxy_notes_the_opaque_ports_of_the_namespace(installation: Installation) -> None:
    opaque = "config.linkerd.io/opaque-ports"
    place = Place("shop", {opaque: "3306,mysql", "config.linkerd.io/skip-inbound-ports": "25"})
    expected = [{"op": "add", "path": "/metadata/annotations", "value": {opaque: "3306,mysql"}}]
    assert note({"metadata": {"name": "db"}, "spec": {"ports": [{"port": 3306}]}}, place) == expected
    outcome = patch(pod(), place, None, installation)
    assert isinstance(outcome, Skipped)
    assert outcome.operations == expected
    assert note(pod(annotations={opaque: ""}), place) == []
    assert note(pod(), Place("shop", {opaque: "a b"})) == []
    protected = patch(pod(), Place("kube-system", {opaque: "3306"}), None, installation)
    assert isinstance(protected, Skipped)
    assert list(protected.operations) == []
