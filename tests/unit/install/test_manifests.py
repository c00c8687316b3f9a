"""What is installed, whatever the values."""

import ast
import copy
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml
from installing_sets import SETS, Document, containers, environment, objects, one, pods, pods_of, rendered, values_of
from pod_security import violations

import hauberk.config.chart
from hauberk.app.controllers.parts import NAMES
from hauberk.config.chart import Values
from hauberk.config.controller import CONTROLLER, load_controller
from hauberk.config.names import cluster_wide
from hauberk.install.files import folder
from hauberk.install.objects import RENDERED, in_order, name_of, namespaces_of
from hauberk.install.overriding import base_of, laid

every_set = pytest.mark.parametrize("name", SETS)


@every_set
def test_pods_satisfy_pod_security_restricted(name: str) -> None:
    for pod in pods(rendered(name)).values():
        assert violations(pod["spec"]) == []


def test_the_cni_plugin_takes_no_more_than_it_needs() -> None:
    (spec,) = [pod["spec"] for pod in pods_of(rendered("cni"), "DaemonSet").values()]
    needed = ["hostNetwork", "volume hostPath", "volume hostPath"]
    assert violations(spec) == [*needed, "install-cni: runAsNonRoot", "install-cni: runAsUser 0"]
    (container,) = spec["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    folders = {volume["hostPath"]["path"]: volume["name"] for volume in spec["volumes"]}
    assert {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]} == folders


@pytest.mark.parametrize(
    ("name", "namespace", "told"),
    [
        ("cni", "hauberk", {"--bin-dir": "/opt/cni/bin", "--skip-outbound-ports": "4567,4568"}),
        (
            "cni repair",
            "mesh-1",
            {
                "--bin-dir": "/opt/bin",
                "--skip-inbound-ports": "4567,4568",
                "--skip-outbound-ports": "4567,4568",
                "--skip-subnets": "10.1.0.0/16",
                "--repair": "$(NODE_NAME)",
            },
        ),
    ],
)
def test_the_cni_plugin_is_told_the_values(name: str, namespace: str, told: dict[str, str]) -> None:
    (pod,) = pods_of(rendered(name), "DaemonSet").values()
    first, second, *options = pod["spec"]["containers"][0]["args"]
    assert (first, second) == ("cni", "install")
    everybody = {
        "--net-dir": "/etc/cni/net.d",
        "--mode": "auto",
        "--exclude-namespaces": f"kube-system,{namespace},{namespace}-cni",
    }
    assert dict(zip(options[::2], options[1::2], strict=True)) == everybody | told


def test_the_checker_of_pod_security_sees_what_is_forbidden() -> None:
    pod = copy.deepcopy(pods(rendered())["linkerd-identity"]["spec"])
    first = pod["containers"][0]["securityContext"]
    first.update(allowPrivilegeEscalation=True, runAsNonRoot=False, capabilities={"add": ["NET_ADMIN"]})
    pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}})
    pod["hostNetwork"] = True
    assert len(violations(pod)) == 6


@every_set
def test_no_container_can_write_its_image_and_all_have_probes(name: str) -> None:
    for _, container in containers(rendered(name)):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["runAsUser"] >= 1000
        ports = {port["name"] for port in container["ports"]}
        for probe, path in (("livenessProbe", "/live"), ("readinessProbe", "/ready")):
            assert container[probe]["httpGet"]["path"] == path
            assert container[probe]["httpGet"]["port"] in ports


@every_set
def test_every_object_says_whose_it_is(name: str) -> None:
    namespace = SETS[name][0]
    for document in rendered(name):
        metadata = document["metadata"]
        assert metadata["labels"]["linkerd.io/control-plane-ns"] == namespace
        if document["kind"] == "Namespace":
            continue
        assert metadata["labels"]["linkerd.io/control-plane-component"]
        assert metadata["labels"]["app.kubernetes.io/part-of"] == "Hauberk"
        assert metadata["annotations"]["linkerd.io/created-by"].startswith("hauberk/cli ")
        assert metadata.get("namespace", namespace) in namespaces_of(namespace)
        assert metadata.get("namespace") != f"{namespace}-cni" or document["metadata"]["name"] == "linkerd-cni"


@every_set
def test_no_key_is_in_the_manifests(name: str) -> None:
    assert not [each for each in rendered(name) if each["kind"] == "Secret"]
    text = yaml.safe_dump_all(rendered(name))
    assert "PRIVATE KEY" not in text
    assert "caBundle" not in text


@every_set
def test_each_kind_is_one_that_can_be_found_again(name: str) -> None:
    known = {(kind.group, kind.kind): kind for kind in RENDERED}
    for document in rendered(name):
        kind = known[name_of(document).group, document["kind"]]
        assert document["apiVersion"] == kind.api_version
        assert kind.namespaced == ("namespace" in document["metadata"])


@every_set
def test_names_are_unique_and_the_namespace_comes_first(name: str) -> None:
    ordered = in_order(list(rendered(name)))
    assert len({name_of(each) for each in ordered}) == len(ordered)
    assert ordered[0]["kind"] == "Namespace"
    assert ordered[0]["metadata"]["name"] == SETS[name][0]
    assert ordered[-1]["kind"] == "ValidatingWebhookConfiguration"


@every_set
def test_services_and_probes_name_ports_that_there_are(name: str) -> None:
    services = [each for each in rendered(name) if each["kind"] == "Service"]
    assert len(services) == 7
    for service in services:
        found = [pod for pod in pods(rendered(name)).values() if _selects(service["spec"]["selector"], pod)]
        assert len(found) == 1
        ports = {port["name"] for container in found[0]["spec"]["containers"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@every_set
def test_volumes_and_mounts_belong_together(name: str) -> None:
    for pod in pods(rendered(name)).values():
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        mounted = [mount["name"] for container in pod["spec"]["containers"] for mount in container["volumeMounts"]]
        assert set(mounted) == volumes


def test_only_the_controllers_can_talk_to_the_api_server() -> None:
    for pod in pods(rendered()).values():
        assert pod["spec"]["automountServiceAccountToken"] is False
    for _, container in containers(rendered()):
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert ("api" in mounted) == (container["name"] != "linkerd-proxy")


@every_set
def test_the_settings_of_each_container_are_understood(name: str) -> None:
    known = {setting.env for setting in CONTROLLER}
    values = values_of(name)
    for _, container in containers(rendered(name)):
        if container["name"] == "linkerd-proxy":
            continue
        environ = environment(container)
        assert environ.keys() <= known
        settings = load_controller(environ)
        assert settings.mesh.namespace == SETS[name][0]
        assert settings.mesh.trust_domain == (values.identity_trust_domain or values.cluster_domain)
        assert settings.admin_port in {port["containerPort"] for port in container["ports"]}
        if container["name"] == "identity":
            assert settings.issuer_scheme == values.identity.issuer.scheme
            assert settings.external_ca == values.identity.external_ca
        if container["name"] == "destination":
            assert [str(network) for network in settings.cluster_networks] == list(values.cluster_networks)


def test_the_programs_are_those_of_the_image() -> None:
    programs = [each["args"] for _, each in containers(rendered()) if each["name"] != "linkerd-proxy"]
    assert sorted(programs) == sorted(["controller", name] for name in NAMES)


@pytest.mark.parametrize(("deployment", "port"), [("linkerd-identity", 8080), ("linkerd-destination", 8086)])
def test_the_front_proxy_stands_between_strangers_and_the_program(deployment: str, port: int) -> None:
    pod = pods(rendered())[deployment]["spec"]
    front, program = pod["containers"]
    said = environment(front)
    assert said["HAUBERK_PROXY_FRONT_LISTEN_ADDR"] == f"[::]:{port}"
    assert said["HAUBERK_PROXY_FRONT_TARGET"] == "unix:/run/hauberk/proxy.sock"
    assert {mount["name"] for mount in front["volumeMounts"]} & {"run", "state"} == {"run"}
    assert front["securityContext"]["runAsUser"] != program["securityContext"]["runAsUser"]
    assert pod["securityContext"]["fsGroup"] == program["securityContext"]["runAsGroup"]
    name = f"{deployment}.hauberk.serviceaccount.identity.hauberk.cluster.local"
    assert said["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"] == name
    assert pod["serviceAccountName"] == deployment


def test_the_front_proxy_of_others_asks_the_identity_service() -> None:
    pod = pods(rendered("elsewhere"))["linkerd-destination"]["spec"]
    said = environment(pod["containers"][0])
    assert said["LINKERD2_PROXY_IDENTITY_SVC_ADDR"] == "linkerd-identity-headless.mesh-1.svc.example.org.:8080"
    name = "linkerd-identity.mesh-1.serviceaccount.identity.mesh-1.trust.example.org"
    assert said["LINKERD2_PROXY_IDENTITY_SVC_NAME"] == name
    own = environment(pods(rendered("elsewhere"))["linkerd-identity"]["spec"]["containers"][0])
    assert own["LINKERD2_PROXY_IDENTITY_SVC_ADDR"] == "unix:/run/hauberk/proxy.sock"


def test_high_availability_keeps_replicas_apart() -> None:
    budgets = [each for each in rendered("ha") if each["kind"] == "PodDisruptionBudget"]
    assert len(budgets) == 3
    for deployment in (each for each in rendered("ha") if each["kind"] == "Deployment"):
        spec, labels = deployment["spec"], deployment["spec"]["template"]["metadata"]["labels"]
        assert spec["replicas"] == 3
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 1}
        hosts, zones = spec["template"]["spec"]["topologySpreadConstraints"]
        assert (hosts["topologyKey"], zones["topologyKey"]) == ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        assert hosts["labelSelector"]["matchLabels"].items() <= labels.items()
        assert spec["template"]["spec"]["affinity"]["podAntiAffinity"]
        matching = [each for each in budgets if each["spec"]["selector"]["matchLabels"].items() <= labels.items()]
        assert [each["spec"]["maxUnavailable"] for each in matching] == [1]
        for container in spec["template"]["spec"]["containers"]:
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert container["resources"]["limits"].keys() == {"memory"}


def test_without_high_availability_nothing_keeps_a_node_from_being_drained() -> None:
    assert not [each for each in rendered() if each["kind"] == "PodDisruptionBudget"]
    for deployment in (each for each in rendered() if each["kind"] == "Deployment"):
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert "affinity" not in deployment["spec"]["template"]["spec"]


def test_selectors_of_deployments_never_change() -> None:
    """Kubernetes refuses it: an upgrade could not be applied."""
    for deployment in (each for each in rendered("placed") if each["kind"] == "Deployment"):
        component = deployment["metadata"]["name"].removeprefix("linkerd-")
        wanted = {"linkerd.io/control-plane-component": component, "linkerd.io/control-plane-ns": "hauberk"}
        assert deployment["spec"]["selector"]["matchLabels"] == wanted


def test_a_label_of_somebodys_own_does_not_replace_one_of_ours() -> None:
    values = msgspec.structs.replace(Values(), pod_labels={"linkerd.io/control-plane-ns": "x", "team": "a"})
    labels = pods(tuple(objects(values)))["linkerd-identity"]["metadata"]["labels"]
    assert labels["linkerd.io/control-plane-ns"] == "hauberk"
    assert labels["team"] == "a"


def test_webhooks_never_stand_in_the_way_of_the_control_plane_itself() -> None:
    (webhook,) = one(rendered(), "MutatingWebhookConfiguration", cluster_wide("proxy-injector", "hauberk"))["webhooks"]
    left_out = {
        each["key"]: each["values"]
        for each in webhook["namespaceSelector"]["matchExpressions"]
        if each["operator"] == "NotIn"
    }
    assert left_out == {
        "kubernetes.io/metadata.name": ["kube-system", "hauberk"],
        "config.linkerd.io/admission-webhooks": ["disabled"],
    }
    labels = one(rendered(), "Namespace", "hauberk")["metadata"]["labels"]
    assert labels["config.linkerd.io/admission-webhooks"] == "disabled"
    assert one(rendered(), "ValidatingWebhookConfiguration", cluster_wide("policy-validator", "hauberk"))


@pytest.mark.parametrize(("name", "policy"), [("default", "Ignore"), ("ha", "Fail")])
def test_webhooks_fail_closed_where_they_are_highly_available(name: str, policy: str) -> None:
    configurations = [each for each in rendered(name) if "webhooks" in each]
    assert [webhook["failurePolicy"] for each in configurations for webhook in each["webhooks"]] == [policy, policy]


def test_webhooks_ask_services_that_there_are() -> None:
    for configuration in (each for each in rendered("elsewhere") if "webhooks" in each):
        service = configuration["webhooks"][0]["clientConfig"]["service"]
        assert service["namespace"] == "mesh-1"
        ports = one(rendered("elsewhere"), "Service", service["name"])["spec"]["ports"]
        assert [port["port"] for port in ports] == [service["port"]]


@every_set
def test_the_values_can_be_read_again(name: str) -> None:
    data = one(rendered(name), "ConfigMap", "linkerd-config")["data"]
    assert msgspec.convert(yaml.safe_load(data["values"]), Values) == values_of(name)
    chosen = yaml.safe_load(data["overrides"])
    base = base_of(high_availability=bool(chosen.get("highAvailability")))
    assert msgspec.convert(laid(base, chosen), Values) == values_of(name)


@every_set
def test_network_policies_let_in_what_is_declared_and_nothing_else(name: str) -> None:
    policies = [each["spec"] for each in rendered(name) if each["kind"] == "NetworkPolicy"]
    if name == "open":
        assert policies == []
        return
    for pod in pods(rendered(name)).values():
        (policy,) = [each for each in policies if _selects(each["podSelector"]["matchLabels"], pod)]
        assert policy["policyTypes"] == ["Ingress"]
        everybody, of_the_cluster = policy["ingress"]
        assert "from" not in everybody
        assert of_the_cluster["from"] == [{"namespaceSelector": {}}]
        declared = {
            (port["containerPort"], port["name"].endswith("admin"))
            for container in pod["spec"]["containers"]
            for port in container["ports"]
        }
        opened = {(port["port"], False) for port in everybody["ports"]}
        assert opened | {(port["port"], True) for port in of_the_cluster["ports"]} == declared


def test_every_value_is_used_by_somebody() -> None:
    sources = [path.read_text() for path in Path(inspect.getfile(hauberk)).parent.glob("injector/*.py")]
    python, manifests = "\n".join(sources), "\n".join(path.read_text() for path in folder("manifests").rglob("*.yaml"))
    for path, attribute in _leaves():
        in_manifest = re.search(rf"{re.escape(path)}\b", manifests)
        parent = path.rpartition(".")[0]
        whole = parent and re.search(rf"!(image|resources) {re.escape(parent)}\b", manifests)
        in_injector = re.search(rf"\.{attribute}\b", python)
        assert in_manifest or whole or in_injector or path.startswith(("proxyInit.resources", "proxy.resources")), path


def _leaves(of: type[msgspec.Struct] = Values, prefix: str = "") -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(of):
        path = f"{prefix}{field.encode_name}"
        inner = field.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            if inner.__name__ in ("Resources", "Selector", "Image"):
                yield path, field.name
            else:
                yield from _leaves(inner, f"{path}.")
        else:
            yield path, field.name


def test_names_of_values_are_documented_once() -> None:
    """A text below a field is its comment in values.yaml: one that stands above another field would be that one's."""
    tree = ast.parse(inspect.getsource(hauberk.config.chart))
    for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for before, text in zip([None, *group.body], group.body, strict=False):
            if isinstance(text, ast.Expr) and before is not None:
                assert isinstance(before, ast.AnnAssign), f"{group.name}:{text.lineno}"


def _selects(selector: dict[str, str], pod: Document) -> bool:
    return selector.items() <= pod["metadata"]["labels"].items()
