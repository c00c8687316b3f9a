"""Pods that nobody in his right mind would write."""

import pytest
from injector_pods import SHOP, WEB, injected, pod

from hauberk.injector.installation import Installation
from hauberk.injector.outcome import Injected, Refused
from hauberk.injector.patch import patch
from hauberk.injector.subject import Place

pytestmark = pytest.mark.timeout(60)
"""What grows with the square of its input needs minutes."""


def test_ten_thousand_annotations(installation: Installation) -> None:
    many = {f"example.com/{number}": "x" for number in range(10_000)}
    outcome = patch(pod(annotations=many), SHOP, WEB, installation)
    assert isinstance(outcome, Injected)
    assert len(outcome.operations) < 20, "what is there already is not written again"
    made = injected(pod(annotations=many), installation)
    assert many.items() <= made["metadata"]["annotations"].items()


def test_ten_thousand_annotations_of_the_mesh(installation: Installation) -> None:
    many = {f"config.linkerd.io/n{number}": "x" for number in range(10_000)}
    outcome = patch(pod(annotations=many), SHOP, WEB, installation)
    assert isinstance(outcome, Injected)
    assert len(outcome.warnings) == 10_000


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("opaque-ports", "1-65535," * 30_000),
        ("opaque-ports", ",".join(f"n{number}" for number in range(40_000))),
        ("skip-inbound-ports", "," * 250_000),
        ("skip-subnets", "10.0.0.0/8," * 20_000),
        ("proxy-additional-env", "[" * 250_000),
        ("proxy-cpu-request", "9" * 250_000),
        ("shutdown-grace-period", "1h" * 100_000),
        ("proxy-uid", "1" * 250_000),
        ("proxy-log-level", "a" * 250_000),
    ],
)
def test_values_as_long_as_kubernetes_takes_them(key: str, text: str, installation: Installation) -> None:
    outcome = patch(pod(annotations={f"config.linkerd.io/{key}": text}), SHOP, WEB, installation)
    assert isinstance(outcome, Injected | Refused)


def test_ten_thousand_ports(installation: Installation) -> None:
    ports = [{"containerPort": 10_000 + number, "name": f"p{number}"} for number in range(10_000)]
    place = Place("shop", {**SHOP.annotations, "config.linkerd.io/opaque-ports": "1-65535"})
    assert isinstance(patch(pod({"name": "web", "ports": ports}), place, WEB, installation), Injected)


@pytest.mark.parametrize(
    "value", ["a\nb", 'say "hi"', "\x00", "\ud83d\ude00", "${X}", "`id`", "</script>", "\\", "a\u2028b"]
)
def test_whatever_a_value_holds_stays_a_value(value: str, installation: Installation) -> None:
    document = pod(annotations={"config.linkerd.io/proxy-log-level": value, "example.com/note": value})
    made = injected(document, installation)
    assert made["metadata"]["annotations"]["example.com/note"] == value
    assert len(made["spec"]["initContainers"]) == 2


def test_keys_with_the_signs_of_pointers(installation: Installation) -> None:
    odd = {"a~b/c~1d": "x", "~0": "y", "/": "z", "": "e"}
    document = pod(annotations=dict(odd))
    document["metadata"]["labels"] = dict(odd)
    made = injected(document, installation)
    for member in ("labels", "annotations"):
        assert odd.items() <= made["metadata"][member].items()
