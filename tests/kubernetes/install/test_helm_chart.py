"""The chart gives the same objects as `hauberk install`."""

import copy
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from helm import CHART, Helm
from installing_sets import SETS, Document, objects, rendered, values_of

from hauberk import __version__
from hauberk.config.chart import Values
from hauberk.install.objects import in_order
from hauberk.install.overriding import difference, plain
from hauberk.install.setting import assignments

HELMS = f"hauberk/helm {__version__}"
OURS = f"hauberk/cli {__version__}"


def alike(document: Document) -> Document:
    """Without what is meant to differ: who made it, what only one of them keeps, and how values are written."""
    found: Document = yaml.safe_load(yaml.safe_dump(document).replace(HELMS, OURS))
    if found["metadata"]["name"] == "linkerd-config":
        found["data"].pop("overrides", None)
        found["data"]["values"] = msgspec.convert(yaml.safe_load(found["data"]["values"]), Values)
    return found


@pytest.mark.parametrize("name", SETS)
def test_helm_gives_the_same_objects(helm: Helm, name: str) -> None:
    namespace, _, high_availability = SETS[name]
    values = difference(plain(values_of(name)), plain(Values()))
    files = [CHART / "values-ha.yaml"] if high_availability else []
    made = [alike(document) for document in helm.template(namespace, values, *files)]
    wanted = [alike(document) for document in rendered(name) if document["metadata"]["name"] != namespace]
    assert in_order(made) == in_order(wanted)


def test_the_comparison_sees_a_difference(helm: Helm) -> None:
    made = [alike(document) for document in helm.template("hauberk", {"controllerReplicas": 2})]
    wanted = [alike(document) for document in objects(Values()) if document["kind"] != "Namespace"]
    assert in_order(made) != in_order(wanted)


def test_helm_finds_nothing_wrong(helm: Helm) -> None:
    done = helm.attempt("lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout
    assert "0 chart(s) failed" in done.stdout


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"proxyy": {}}, "additional properties 'proxyy' not allowed"),
        ({"proxy": {"uid": 0}}, "minimum"),
        ({"controllerLogLevel": "loud"}, "value must be one of"),
        ({"proxy": {"image": {"version": 1.1}}}, "got number, want string"),
        ({"clusterDomain": "-"}, "does not match pattern"),
    ],
)
def test_helm_refuses_values_that_make_no_sense(helm: Helm, values: dict[str, Any], why: str) -> None:
    done = helm.attempt("template", "x", CHART, "--kube-version", "1.30.0", "-f", "-", given=yaml.safe_dump(values))
    assert done.returncode != 0
    assert why in done.stderr


def test_it_may_be_part_of_another_chart(helm: Helm, tmp_path: Path) -> None:
    """Helm then adds `global` to its values, which must not reach the injector."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "hauberk").symlink_to(CHART)
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: parent\nversion: 0.1.0\n")
    values = {"global": {"team": "a"}, "hauberk": {"controllerReplicas": 2}}
    (config,) = [
        document
        for document in helm.template("hauberk", values, chart=tmp_path)
        if document["metadata"]["name"] == "linkerd-config"
    ]
    assert msgspec.convert(yaml.safe_load(config["data"]["values"]), Values) == Values(controller_replicas=2)


def test_an_older_kubernetes_is_refused(helm: Helm) -> None:
    done = helm.attempt("template", "x", CHART, "--kube-version", "1.29.9")
    assert done.returncode != 0
    assert "requires kubeVersion" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "a=b",
        "a.b.c=d,a.b.e=f",
        "a={x,y},b={z}",
        r"a={x\,y}",
        r"a\.b/c=d",
        "a[0].b=x,a[0].c=y,a[1].b=z",
        "a=b=c",
        r"a=b\,c",
        "a=,b=x",
        "a={x,y},a[1]=z",
    ],
)
def test_assignments_mean_what_they_mean_to_helm(helm: Helm, tmp_path: Path, text: str) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: it\nversion: 0.1.0\n")
    (tmp_path / "templates" / "it.yaml").write_text("{{ .Values | toYaml }}")
    done = helm.attempt("template", "x", tmp_path, "--set", text)
    assert done.returncode == 0, done.stderr
    assert _untyped(yaml.safe_load(done.stdout)) == _untyped(_assigned(text))


def _assigned(text: str) -> Any:
    """By hand, because these values are nobody's."""
    found: Any = {}
    for assignment in assignments(text):
        at = found
        *steps, last = assignment.path
        for step, following in zip(steps, assignment.path[1:], strict=True):
            empty: Any = [] if isinstance(following, int) else {}
            if isinstance(step, int):
                if step == len(at):
                    at.append(empty)
                at = at[step]
            else:
                at = at.setdefault(step, empty)
        value = list(assignment.value) if isinstance(assignment.value, tuple) else assignment.value
        if isinstance(last, int):
            at[last : last + 1] = [value]
        else:
            at[last] = copy.deepcopy(value)
    return found


def _untyped(value: Any) -> Any:
    match value:
        case dict():
            return {key: _untyped(inner) for key, inner in value.items()}
        case list():
            return [_untyped(inner) for inner in value]
        case _:
            return re.sub(r"^None$", "", str(value))
