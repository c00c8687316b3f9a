"""The definitions of resources are what the model gives. What an API server makes of them: tests/kubernetes/store."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hauberk.model.kinds import KINDS, POLICY

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

from crd_rules import FIELDS, REQUIRED, SINCE, STATUSES  # noqa: E402 - found by the path above
from crd_schema import schema_of  # noqa: E402
from gen_crds import definition, generate  # noqa: E402

OURS = {kind.kind: kind for kind in KINDS if kind.group == POLICY}


def schemas(name: str) -> dict[str, Any]:
    """By version."""
    versions = definition(OURS[name])["spec"]["versions"]
    return {version["name"]: version["schema"]["openAPIV3Schema"]["properties"] for version in versions}


def test_it_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "gen_crds.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_kind_of_the_group_has_one_and_no_other() -> None:
    assert set(generate()) == {f"{kind.qualified}.yaml" for kind in OURS.values()}


@pytest.mark.parametrize("name", OURS)
def test_the_newest_version_is_kept_and_old_ones_are_deprecated(name: str) -> None:
    versions = definition(OURS[name])["spec"]["versions"]
    assert [version["name"] for version in versions] == list(OURS[name].versions)
    assert [version["storage"] for version in versions] == [True] + [False] * (len(versions) - 1)
    assert {version["name"] for version in versions if version.get("deprecated")} == OURS[name].deprecated


def test_a_field_has_the_text_that_stands_below_it() -> None:
    port = schemas("Server")["v1beta3"]["spec"]["properties"]["port"]
    assert port == {
        "x-kubernetes-int-or-string": True,
        "description": "By number, or by the name that the Pods give to it.",
    }


def test_a_field_is_there_from_the_version_that_has_it() -> None:
    has = {version: "accessPolicy" in schema["spec"]["properties"] for version, schema in schemas("Server").items()}
    assert has == {"v1beta3": True, "v1beta2": True, "v1beta1": False, "v1alpha1": False}


def test_only_kinds_whose_status_is_written_have_one() -> None:
    with_status = {name for name, kind in OURS.items() if "subresources" in definition(kind)["spec"]["versions"][0]}
    assert with_status == {struct.__name__ for struct in STATUSES} == {"HTTPRoute", "HTTPLocalRateLimitPolicy"}


@pytest.mark.parametrize(
    ("of", "name"), sorted({*FIELDS, *REQUIRED, *SINCE}, key=str), ids=lambda each: getattr(each, "__name__", each)
)
def test_a_rule_is_about_a_field_that_there_is(of: Any, name: str) -> None:
    """A field that was renamed in the model would lose its rule without a word."""
    assert name in of.__annotations__
    assert schema_of(of, "v1beta3")["type"] == "object"
