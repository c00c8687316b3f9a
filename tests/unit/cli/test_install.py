"""`hauberk install` and its siblings, as far as they need no cluster."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from shell import Hauberk, Result

from hauberk.install.files import crds


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def install(hauberk: Hauberk) -> Hauberk:
    def run(*words: str, stdin: str = "") -> Result:
        return hauberk("install", "--ignore-cluster", *words, stdin=stdin)

    return run


def values(result: Result) -> dict[str, Any]:
    """As they are kept in the cluster."""
    assert result.code == 0, result.err
    documents = list(yaml.safe_load_all(result.out))
    (config,) = [document for document in documents if document["metadata"]["name"] == "linkerd-config"]
    found: dict[str, Any] = yaml.safe_load(config["data"]["overrides"])
    return found


def test_the_namespace_comes_first(install: Hauberk) -> None:
    result = install("--namespace", "mesh-1")
    first, *others = yaml.safe_load_all(result.out)
    assert (result.code, first["kind"], first["metadata"]["name"]) == (0, "Namespace", "mesh-1")
    assert {document["metadata"].get("namespace", "mesh-1") for document in others} == {"mesh-1"}


def test_json_is_one_list(install: Hauberk) -> None:
    found = json.loads(install("-o", "json").out)
    assert (found["kind"], len(found["items"])) == ("List", len(list(yaml.safe_load_all(install().out))))


def test_values_come_from_files_and_options(install: Hauberk, tmp_path: Path) -> None:
    file, ports = tmp_path / "values.yaml", tmp_path / "ports"
    file.write_text("proxy: {uid: 3000, logLevel: debug}\n")
    ports.write_text("1,2")
    result = install(
        *("-f", str(file), "-f", "-", "--set", "proxy.uid=4000,nodeSelector.a=b"),
        *("--set-string", "podLabels.on=true", "--set-file", f"proxy.opaquePorts={ports}"),
        stdin="controllerReplicas: 2\n",
    )
    assert values(result) == {
        "controllerReplicas": 2,
        "nodeSelector": {"a": "b"},
        "podLabels": {"on": "true"},
        "proxy": {"uid": 4000, "logLevel": "debug", "opaquePorts": "1,2"},
    }
    assert values(install()) == {}
    assert values(install("--ha")) == {"highAvailability": True}


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (
            ("--set", "proxy.ports.amin=1"),
            "there is no value proxy.ports.amin",
            "hint: the nearest is proxy.ports.admin",
        ),
        (("--set", "proxy.uid"), "'proxy.uid' is not NAME=VALUE", ""),
        (("--set", "proxy.uid=x"), "proxy.uid is a whole number", ""),
        (("--set-file", "proxy.logLevel=/nowhere"), "/nowhere: No such file or directory", ""),
        (("-f", "/nowhere"), "/nowhere: No such file or directory", ""),
        (("-n", "Mesh"), "'Mesh' must be a DNS label", ""),
    ],
)
def test_what_makes_no_sense_prints_nothing(install: Hauberk, words: tuple[str, ...], error: str, hint: str) -> None:
    result = install(*words)
    assert result.code in (1, 2)
    assert result.out == ""
    assert error in result.err
    assert hint in result.err


def test_a_file_that_is_no_yaml_is_named(install: Hauberk, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [\n")
    result = install("-f", str(tmp_path / "broken.yaml"))
    assert (result.code, result.out) == (1, "")
    assert "broken.yaml" in result.err


def test_the_kinds_of_resources_are_printed_as_they_are_shipped(hauberk: Hauberk) -> None:
    text, as_json = hauberk("install", "--crds"), hauberk("install", "--crds", "-o", "json")
    names = [document["metadata"]["name"] for document in yaml.safe_load_all(text.out)]
    assert names == list(crds())
    assert [item["metadata"]["name"] for item in json.loads(as_json.out)["items"]] == names


@pytest.mark.parametrize("command", ["install", "upgrade", "prune", "uninstall"])
def test_without_a_cluster_it_is_said_what_to_do(hauberk: Hauberk, command: str) -> None:
    result = hauberk(command)
    assert (result.code, result.out) == (1, "")
    assert "there is no kubeconfig" in result.err
    assert ("--ignore-cluster" in result.err) == (command == "install")


def test_a_cluster_that_does_not_answer_is_told(hauberk: Hauberk, tmp_path: Path) -> None:
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    result = hauberk("install", "--kubeconfig", str(tmp_path / "config"))
    assert (result.code, result.out) == (1, "")
    assert "http://127.0.0.1:1" in result.err
    assert "--ignore-cluster prints the manifests without asking" in result.err
