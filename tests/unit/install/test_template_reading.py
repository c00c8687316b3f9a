"""Manifests as they are written."""

from pathlib import Path

import pytest

from hauberk.config.chart import Values
from hauberk.install.reading import read
from hauberk.install.rendering import Document, Installation, render
from hauberk.install.template import TemplateInvalid

VALUES = Values(image_pull_secrets=("one", "two"), cluster_networks=("10.0.0.0/8", "fd00::/8"), high_availability=True)


def made(folder: Path, text: str, **parts: str) -> Document:
    """The one object of the text."""
    (folder / "parts").mkdir(exist_ok=True)
    for name, part in parts.items():
        (folder / "parts" / f"{name}.yaml").write_text(part)
    (folder / "it.yaml").write_text(text)
    (found,) = render(read(folder), Installation(namespace="mesh", values=VALUES, version="7"))
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: !value clusterDomain", {"a": "cluster.local"}),
        ("a: !value controllerReplicas", {"a": 1}),
        ("a: !value nodeSelector", {"a": {"kubernetes.io/os": "linux"}}),
        ("a: !value identityTrustDomain or clusterDomain", {"a": "cluster.local"}),
        ('a: !text "x-{namespace}-{version}"', {"a": "x-mesh-7"}),
        ('a: !text "{clusterNetworks}"', {"a": "10.0.0.0/8,fd00::/8"}),
        ('a: !text "{controllerReplicas} {highAvailability} {disableIPv6}"', {"a": "1 true false"}),
        ("a: !image proxy.image", {"a": "ghcr.io/hauberk/proxy:7"}),
        ("a: !resources proxy.resources", {"a": {}}),
        ("a: !when {if: highAvailability, then: 1, else: 2}", {"a": 1}),
        ("a: !when {if: not highAvailability, then: 1, else: 2}", {"a": 2}),
        ("b: 1\na: !when {if: disableIPv6, then: 1}", {"b": 1}),
        ("a: !when {if: proxy.logFormat is plain, then: 1, else: 2}", {"a": 1}),
        ("a: !when {if: proxy.logFormat is not plain, then: 1, else: 2}", {"a": 2}),
        ("a: [x, !when {if: highAvailability, then: [y, z]}, w]", {"a": ["x", "y", "z", "w"]}),
        ("a: [x, !when {if: disableIPv6, then: [y, z]}]", {"a": ["x"]}),
        ("a: !each {of: imagePullSecrets, as: s, do: {name: !value s}}", {"a": [{"name": "one"}, {"name": "two"}]}),
        ("a: [x, !each {of: imagePullSecrets, as: s, do: !value s}]", {"a": ["x", "one", "two"]}),
        ("a: !verbs {get: because}", {"a": ["get"]}),
        ("a: {<<: !value nodeSelector, kubernetes.io/os: mine, b: 1}", {"a": {"kubernetes.io/os": "mine", "b": 1}}),
        ("a: {b: true, c: '1', d: 1.5, e: null, f: [], g: {}}", {"a": dict(b=True, c="1", d=1.5, e=None, f=[], g={})}),  # noqa: C408
    ],
)
def test_each_word_means_one_thing(tmp_path: Path, text: str, found: Document) -> None:
    assert made(tmp_path, text) == found


def test_parts_are_put_in_their_places(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        "a: {<<: !part {name: first, who: me, ports: [1, 2]}, c: mine}\nl: [0, !part list]",
        first="b: !text 'it is {who} in {namespace}'\nc: theirs\np: !each {of: ports, as: x, do: {port: !value x}}",
        list="[1, 2]",
    )
    assert found == {
        "a": {"b": "it is me in mesh", "c": "mine", "p": [{"port": 1}, {"port": 2}]},
        "l": [0, 1, 2],
    }


def test_what_is_given_to_a_part_may_be_a_value(tmp_path: Path) -> None:
    text = "a: !part {name: of, user: !value proxy.uid, who: !value clusterDomain}"
    found = made(tmp_path, text, of="uid: !value user\nname: !text 'x.{who}'")
    assert found == {"a": {"uid": 2102, "name": "x.cluster.local"}}


def test_documents_of_one_file_may_depend_on_values(tmp_path: Path) -> None:
    text = "a: 1\n---\n!when\n  if: disableIPv6\n  then: {a: 2}\n---\n# nothing\n"
    assert made(tmp_path, text) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\nb: !vlaue x", "it.yaml:2: there is no !vlaue"),
        ("a: !when {if: x}", "!when needs if, then"),
        ("a: !when {if: a is b or c, then: 1}", "`if` is"),
        ("a: !each {of: x, do: 1}", "!each needs as, do, of"),
        ("a: !verbs [get]", "each verb has a reason"),
        ("a: !verbs {get: ''}", "a word is wanted"),
        ("a: !part missing", "there is no part missing"),
        ("a: !part endless", "has itself in it"),
        ("a: {<<: [!value x, !value y]}", "takes in parts, and one value"),
        ("a: {b: !when {if: x, then: 1}}", "leave out the whole"),
        ("a: [!when {if: x, then: 1}]", "leave out the whole"),
        ("a: [", "it.yaml"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(TemplateInvalid, match=r"yaml") as told:
        made(tmp_path, text, endless="!part endless")
    assert why in str(told.value)


@pytest.mark.parametrize("text", ["a: !value proxy.nothing", "a: !value ports", "a: !value proxy.uid.x"])
def test_a_value_that_there_is_not_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(TemplateInvalid, match="there is no value"):
        made(tmp_path, text)
