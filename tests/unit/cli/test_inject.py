"""inject and uninject, as a shell runs them: files in, files out, a word about each object on standard error."""

import json
from pathlib import Path

import pytest
import yaml
from shell import Hauberk

DEPLOYMENT = """
# a comment
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx
        ports: [{containerPort: 80}]
        env: [{name: A, value: "1e3"}, {name: B, value: "y"}, {name: C, value: "010"}, {name: D, value: "a\\nb\\n"}]
"""
SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}"
JOB = json.dumps(
    {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once"},
        "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}},
    }
)
ROOTS = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.fixture
def roots(tmp_path: Path) -> str:
    file = tmp_path / "roots.pem"
    file.write_text(ROOTS)
    return str(file)


def test_a_stream_becomes_a_stream_and_each_object_is_told_of(hauberk: Hauberk) -> None:
    result = hauberk("inject", "-", stdin=f"{DEPLOYMENT}---\n{SERVICE}\n---\n# nothing\n")
    assert result.code == 0
    deployment, service = yaml.safe_load_all(result.out)
    before = yaml.safe_load(DEPLOYMENT)
    assert deployment["spec"]["template"]["metadata"].pop("annotations") == {"linkerd.io/inject": "enabled"}
    assert deployment == before
    assert service == yaml.safe_load(SERVICE)
    assert result.err.splitlines() == [
        'deployment "web" injected',
        'service "web" skipped: no pods are made of it',
    ]


def test_texts_that_look_like_numbers_stay_texts_for_every_reader(hauberk: Hauberk) -> None:
    out = hauberk("inject", "-", stdin=DEPLOYMENT).out
    for written in ('"1e3"', '"y"', '"010"'):
        assert f"value: {written}" in out
    assert "value: |\n" in out


def test_what_stands_in_two_places_is_written_twice(hauberk: Hauberk) -> None:
    shared = DEPLOYMENT.replace("{matchLabels: {app: web}}", "{matchLabels: &of {app: web}}").replace(
        "labels: {app: web}}\n    spec", "labels: *of}\n    spec"
    )
    assert "*of" in shared
    out = hauberk("inject", "-", stdin=shared).out
    assert "&" not in out
    assert yaml.safe_load(out)["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


def test_json_stays_json(hauberk: Hauberk) -> None:
    one = json.loads(hauberk("inject", "-", stdin=JOB).out)
    assert one["spec"]["template"]["metadata"]["annotations"] == {"linkerd.io/inject": "enabled"}
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [one, json.loads(JOB)]})
    made = json.loads(hauberk("inject", "-", stdin=listed).out)
    assert (made["kind"], made["items"]) == ("List", [one, one])
    assert hauberk("inject", "-o", "yaml", "-", stdin=JOB).out.startswith("apiVersion: batch/v1\n")
    both = json.loads(hauberk("inject", "-o", "json", "-", stdin=f"{DEPLOYMENT}---\n{SERVICE}").out)
    assert (both["kind"], [item["kind"] for item in both["items"]]) == ("List", ["Deployment", "Service"])


def test_options_become_annotations(hauberk: Hauberk) -> None:
    words = [
        "--ingress",
        *("--opaque-ports", "3306,25"),
        *("--proxy-cpu-limit", "2"),
        *("--wait-before-exit-seconds", "5"),
        "--no-native-sidecar",
        "--enable-external-profiles",
    ]
    result = hauberk("inject", *words, "-", stdin=f"{DEPLOYMENT}---\n{SERVICE}")
    deployment, service = yaml.safe_load_all(result.out)
    assert deployment["spec"]["template"]["metadata"]["annotations"] == {
        "linkerd.io/inject": "ingress",
        "config.linkerd.io/opaque-ports": "25,3306",
        "config.linkerd.io/proxy-cpu-limit": "2",
        "config.alpha.linkerd.io/proxy-wait-before-exit-seconds": "5",
        "config.linkerd.io/enable-external-profiles": "true",
        "config.linkerd.io/proxy-enable-native-sidecar": "false",
    }
    assert service["metadata"]["annotations"] == {"config.linkerd.io/opaque-ports": "25,3306"}
    assert 'service "web" annotated' in result.err


def test_by_hand_the_whole_proxy_is_written_and_can_be_taken_out(hauberk: Hauberk, roots: str, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("proxy: {image: {version: v7}, uid: 3000}\n")
    words = ["--manual", "--ignore-cluster", "--values", str(values), "--mesh-namespace", "mesh"]
    injected = hauberk("inject", *words, "--identity-trust-anchors-file", roots, "-", stdin=DEPLOYMENT)
    template = yaml.safe_load(injected.out)["spec"]["template"]
    init, proxy = template["spec"]["initContainers"]
    assert (init["name"], proxy["name"]) == ("linkerd-init", "linkerd-proxy")
    assert (proxy["image"], proxy["securityContext"]["runAsUser"]) == ("ghcr.io/hauberk/proxy:v7", 3000)
    variables = {v["name"]: v.get("value") for v in proxy["env"]}
    assert variables["LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"] == ROOTS
    assert template["metadata"]["labels"]["linkerd.io/control-plane-ns"] == "mesh"
    assert template["metadata"]["labels"]["linkerd.io/proxy-deployment"] == "web"
    assert template["metadata"]["annotations"]["linkerd.io/created-by"].startswith("hauberk/cli ")
    without = hauberk("uninject", "-", stdin=injected.out)
    assert yaml.safe_load(without.out) == yaml.safe_load(DEPLOYMENT)
    assert without.err == 'deployment "web" uninjected\n'
    again = hauberk("uninject", "-", stdin=without.out)
    assert again.err == 'deployment "web" skipped: there is nothing of the mesh in it\n'


def test_by_hand_without_a_cluster_the_roots_have_to_be_given(hauberk: Hauberk, roots: str, tmp_path: Path) -> None:
    words = ["--manual", "--kubeconfig", str(tmp_path / "none")]
    alone = hauberk("inject", *words, "-", stdin=DEPLOYMENT)
    assert (alone.code, alone.out) == (1, "")
    assert "--ignore-cluster --identity-trust-anchors-file" in alone.err
    given = hauberk("inject", *words, "--identity-trust-anchors-file", roots, "-", stdin=DEPLOYMENT)
    assert given.code == 0
    assert "no cluster says how the mesh is installed" in given.err


def test_a_file_may_be_on_the_web_and_only_there(hauberk: Hauberk) -> None:
    for url, said in (
        ("ftp://me:word@a.example/b", "ftp://a.example/b"),
        ("http://127.0.0.1:1/web.yaml", "127.0.0.1:1"),
    ):
        result = hauberk("inject", url)
        assert (result.code, result.out) == (1, "")
        assert f"{said}" in result.err
        assert "cannot be fetched" in result.err
        assert "word" not in result.err


def test_one_that_is_refused_leaves_no_output(hauberk: Hauberk) -> None:
    bad = DEPLOYMENT.replace(
        "labels: {app: web}}\n    spec", "annotations: {config.linkerd.io/skip-inbound-ports: x}}\n    spec"
    )
    assert bad != DEPLOYMENT
    result = hauberk("inject", "-", stdin=f"{SERVICE}\n---{bad}")
    assert (result.code, result.out) == (1, "")
    assert 'error: deployment "web": config.linkerd.io/skip-inbound-ports: ' in result.err


def test_warnings_and_reasons_are_told(hauberk: Hauberk) -> None:
    odd = DEPLOYMENT.replace("    spec:\n      containers", "    spec:\n      hostNetwork: true\n      containers")
    result = hauberk("inject", "-", stdin=odd)
    assert result.code == 0
    assert 'deployment "web" skipped: hostNetwork is on' in result.err
    udp = DEPLOYMENT.replace("{containerPort: 80}", "{containerPort: 53, protocol: UDP}")
    assert 'warning: deployment "web": only TCP passes the proxy' in hauberk("inject", "-", stdin=udp).err


def test_directories_are_read_in_order(hauberk: Hauberk, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.yaml").write_text(DEPLOYMENT)
    (tmp_path / "a.json").write_text(JOB)
    (tmp_path / "deep" / "c.yml").write_text(SERVICE)
    (tmp_path / "notes.txt").write_text("no manifest")
    assert hauberk("inject", str(tmp_path)).err.split() == [
        "job",
        '"once"',
        "injected",
        "deployment",
        '"web"',
        "injected",
    ]
    assert 'service "web"' in hauberk("inject", "-R", str(tmp_path)).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--manual", "--ignore-cluster", "-"), "--ignore-cluster needs --identity-trust-anchors-file"),
        (("--skip-inbound-ports", "x", "-"), "'x' is neither a port"),
        (("--proxy-uid", "0", "-"), "'0' is not a whole number from 1"),
        (("--default-inbound-policy", "open", "-"), "'open' is none of deny"),
        ((), "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2(words: tuple[str, ...], said: str, hauberk: Hauberk) -> None:
    result = hauberk("inject", *words, stdin=DEPLOYMENT)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("proxy: {opaquePorts: a b}", "proxy.opaquePorts is 'a b'"),
        ("proxy: {accessLog: xml}", "proxy.accessLog: "),
        ("proxy: {opaque: 1}", "there is no value proxy.opaque"),
        ("[1]", "is not an object"),
    ],
)
def test_values_that_make_no_sense_are_named(values: str, said: str, hauberk: Hauberk, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(values)
    result = hauberk("inject", "--values", str(file), "-", stdin=DEPLOYMENT)
    assert (result.code, result.out) == (1, "")
    assert str(file) in result.err
    assert said in result.err


@pytest.mark.parametrize("verb", ["inject", "uninject"])
def test_what_is_no_manifest_is_said(verb: str, hauberk: Hauberk) -> None:
    for text, said in (("", "no objects in -"), ("a: [", "is not YAML"), ("just words", "is not an object")):
        result = hauberk(verb, "-", stdin=text)
        assert (result.code, result.out) == (1, "")
        assert said in result.err
    assert hauberk(verb, "/nowhere.yaml").code == 1
