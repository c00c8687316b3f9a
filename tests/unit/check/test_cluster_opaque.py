"""What is told where a client's proxy and a server's would read a port differently."""

from typing import Any

import pytest
from cluster_things import DENIED, Document, error, named, outcomes, seen

from hauberk.check.kubernetes.opaque import Declared, opaque_ports
from hauberk.check.report import Check

LABELS = {"app": "db"}
KEY = "config.linkerd.io/opaque-ports"


def service(target: int | str = 9000, opaque: str | None = None, **port: Any) -> Document:
    annotations = {} if opaque is None else {KEY: opaque}
    spec = {"selector": LABELS, "ports": [{"port": 80, "targetPort": target, **port}]}
    return named("Service", "db", "shop", metadata={"annotations": annotations, "resourceVersion": "1"}, spec=spec)


def program(opaque: str | None = None, labels: dict[str, str] = LABELS) -> Document:
    annotations = {} if opaque is None else {KEY: opaque}
    metadata = {"labels": labels, "annotations": annotations, "resourceVersion": "1"}
    containers = [{"name": "db", "ports": [{"name": "bytes", "containerPort": 9000}]}]
    return named("Pod", "db-1", "shop", metadata=metadata, spec={"containers": containers})


def server() -> Document:
    spec = {"podSelector": {"matchLabels": LABELS}, "port": "bytes", "proxyProtocol": "opaque"}
    document = named("Server", "db", "shop", metadata={"resourceVersion": "1"}, spec=spec)
    return {**document, "apiVersion": "policy.linkerd.io/v1beta3"}


def place(opaque: str) -> Document:
    return named("Namespace", "shop", metadata={"annotations": {KEY: opaque}, "resourceVersion": "1"})


def judged(services: Document, pods: Document, **more: Document) -> tuple[Check, ...]:
    rest = {name: seen(*([more[name]] if name in more else [])) for name in ("places", "servers")}
    facts = Declared(default="3306", services=seen(services), pods=seen(pods), **rest)
    return tuple(opaque_ports(facts).checks)


@pytest.mark.parametrize(
    ("services", "pods", "more"),
    [
        (service(), program(), {}),
        (service(opaque="80"), program("9000"), {}),
        (service("bytes", opaque="80"), program("bytes"), {}),
        (service(opaque="80"), program(), {"servers": server()}),
        (service(appProtocol="mysql"), program("9000"), {}),
        (service(), program(), {"places": place("80,9000")}),
        (service(opaque="80"), program(labels={"app": "other"}), {}),
        (service("none", opaque="80"), program(), {}),
        (service(opaque="80", protocol="UDP"), program(), {}),
        (service(3306, opaque="80"), program(), {}),
    ],
)
def test_who_agrees_is_well(services: Document, pods: Document, more: dict[str, Document]) -> None:
    assert outcomes(judged(services, pods, **more)) == {}


@pytest.mark.parametrize(
    ("services", "pods", "told"),
    [
        (service(opaque="80"), program(), "port 80 of Service shop/db is opaque, port 9000 of its pod db-1 is not"),
        (service(), program("9000"), "port 80 of Service shop/db is not opaque, port 9000 of its pod db-1 is"),
        (service(3306), program(), "port 80 of Service shop/db is not opaque, port 3306 of its pod db-1 is"),
    ],
)
def test_who_does_not_is_named(services: Document, pods: Document, told: str) -> None:
    checks = judged(services, pods)
    assert set(outcomes(checks).values()) == {"warning"}
    assert error(checks) == told


def test_what_cannot_be_seen_is_said() -> None:
    facts = Declared(default="", services=DENIED, pods=seen(), places=seen(), servers=seen())
    assert "it could not be looked at" in error(opaque_ports(facts).checks)
