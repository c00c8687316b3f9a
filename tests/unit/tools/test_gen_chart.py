"""The Helm chart is what the manifests and the values give."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from hauberk.config.chart import HA, Values
from hauberk.install.overriding import laid
from hauberk.install.reading import read
from hauberk.install.template import TemplateInvalid

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy" / "chart" / "hauberk"
sys.path.insert(0, str(ROOT / "tools"))

from chart_templates import template  # noqa: E402 - found by the path above
from gen_chart import generated, there  # noqa: E402


def test_it_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "gen_chart.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_file_of_it_is_left_from_before() -> None:
    assert there() == generated()


def test_its_values_are_the_defaults() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert msgspec.convert(values, Values) == Values()
    high = yaml.safe_load((CHART / "values-ha.yaml").read_text())
    assert msgspec.convert(laid(values, high), Values) == HA


def test_every_value_that_is_not_plain_has_its_comment() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    place = lines.index("identityTrustDomain: ''")
    assert lines[place - 1] == "# The last part of all identities. Empty: the cluster's domain."
    assert any(line.strip() == "# One of json, plain." for line in lines)


def test_its_schema_describes_the_values() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = schema["$defs"]["Values"]
    assert values["additionalProperties"] is False
    assert values["properties"]["identityTrustDomain"]["description"].startswith("The last part")
    # Helm gives it to charts that are part of others.
    assert "global" in values["properties"]
    assert set(values["properties"]) == {*msgspec.to_builtins(Values()), "global"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: !value proxy.uid", ["a: {{ $.Values.proxy.uid | toJson }}"]),
        ("a: !value namespace", ["a: {{ $.Release.Namespace | toJson }}"]),
        ("a: !text '100% {proxy.uid}'", ['a: {{ printf "100%% %s" (toJson $.Values.proxy.uid) | toJson }}']),
        ("a: !text 'x{clusterNetworks}'", ['a: {{ printf "x%s" (join "," $.Values.clusterNetworks) | toJson }}']),
        ("b: 1\na: !when {if: cni.enabled, then: 2}", ["b: 1", "{{- if $.Values.cni.enabled }}", "a: 2", "{{- end }}"]),
        (
            "a: !when {if: proxyInit.mode is not nft, then: 1, else: 2}",
            ['{{- if not (eq $.Values.proxyInit.mode "nft") }}', "a: 1", "{{- else }}", "a: 2", "{{- end }}"],
        ),
        (
            "a: !each {of: imagePullSecrets, as: s, do: {name: !value s}}",
            ["a:", "{{- range $s := $.Values.imagePullSecrets }}", "  - name: {{ $s | toJson }}", "{{- end }}"],
        ),
        ("a: !verbs {get: because}", ["a:", "  - get # because"]),
        # Helm keeps by itself what somebody chose.
        ("b: 1\na: !when {if: overrides, then: !value overrides}", ["b: 1"]),
    ],
)
def test_each_word_has_its_counterpart(tmp_path: Path, text: str, lines: list[str]) -> None:
    (tmp_path / "it.yaml").write_text(text)
    made = template("it", read(tmp_path)["it"]).splitlines()
    assert made[1:] == ["---", *lines]


def test_what_looks_like_a_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it.yaml").write_text("a: '{{ x }}'")
    with pytest.raises(TemplateInvalid, match="looks like a template"):
        template("it", read(tmp_path)["it"])
