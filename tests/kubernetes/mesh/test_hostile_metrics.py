"""Names that somebody makes up neither break nor flood what operators read."""

import json
from itertools import count
from typing import Any

import pytest
from podkit import objects
from podkit.kubectl import Kubectl, until
from podkit.mesh import Namespace, address_of
from podkit.metrics import page_at
from prometheus_client.parser import text_string_to_metric_families

ADMIN_PORTS = {"identity": 9990, "destination": 9996, "proxy-injector": 9995}
MANY = 1_000
SERIES_MAX = 20_000
"""Of a proxy whose program called by so many names."""


@pytest.fixture(scope="module")
def home(namespace: Namespace) -> str:
    return namespace()


@pytest.fixture(scope="module")
def caller(kubectl: Kubectl, home: str) -> str:
    """A pod whose program has called by names that would be labels of another meaning, and by very many names."""
    kubectl.apply(
        *objects.placed([objects.deployment("web", objects.spec(objects.server())), objects.service("web")], home)
    )
    kubectl.rolled_out(home, "deployment/web")
    of = objects.spec(objects.python("strange", "strange.py", "web", "80", str(MANY)))
    kubectl.apply(*objects.placed([objects.pod("strange", of)], home))

    def ended() -> str | None:
        log = kubectl.attempt("logs", "--namespace", home, "strange", "--container", "strange").stdout
        return log if "done" in log else None

    until("all requests", ended, 120.0)
    return "strange"


def test_names_that_a_program_calls_by_neither_break_nor_flood_its_proxys_metrics(
    kubectl: Kubectl, home: str, caller: str
) -> None:
    web = kubectl.get("pods", "--namespace", home, "--selector", "app=web")["items"][0]
    pod = kubectl.get("pod", caller, "--namespace", home)
    for address in (pod["status"]["podIP"], web["status"]["podIP"]):
        page = page_at(address)
        samples = [s for family in text_string_to_metric_families(page) for s in family.samples]
        assert 0 < len(samples) < SERIES_MAX
        assert not any("x" in sample.labels or "a" in sample.labels for sample in samples), "no label is made up"
        total = sum(s.value for s in samples if s.name == "response_total")
        assert total >= MANY, "what is not told apart is counted all the same"


OWNERS = ['Evil"\\\n{}', 'a",x="y', "x" * 5000, *(f"Kind{number}" for number in range(200))]


def test_owners_that_nobody_knows_neither_break_nor_flood_the_injectors_metrics(kubectl: Kubectl, home: str) -> None:
    before = len(controller_page(kubectl, "proxy-injector"))
    numbers = count()

    def owned(kind: str) -> dict[str, Any]:
        pod = objects.pod(f"owned-{next(numbers)}", objects.spec(objects.shell()))
        pod["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": kind, "name": "x", "uid": "x"}]
        return pod

    documents = objects.placed([owned(kind) for kind in OWNERS], home)
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    kubectl("create", "--dry-run=server", "--filename", "-", "--output", "name", given=listed)
    after = controller_page(kubectl, "proxy-injector")
    assert len(after) < before + 20
    assert any(s.labels.get("namespace") == home and s.labels.get("owner_kind") == "other" for s in after)


@pytest.mark.parametrize("component", ADMIN_PORTS)
def test_the_control_planes_metrics_can_be_read(kubectl: Kubectl, caller: str, component: str) -> None:
    del caller
    assert controller_page(kubectl, component)


def controller_page(kubectl: Kubectl, component: str) -> list[Any]:
    page = page_at(address_of(kubectl, component), ADMIN_PORTS[component])
    return [sample for family in text_string_to_metric_families(page) for sample in family.samples]
