"""What is valid and does nothing as things are."""

from collections.abc import Sequence
from typing import Any

import pytest

from hauberk.apiserver.warnings import Surroundings, warnings_for
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httproute import HTTPRoute
from hauberk.model.parse import parse_manifest

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
HEADLESS = {**SERVICE, "spec": {"clusterIP": "None"}}


def server(protocol: str) -> dict[str, Any]:
    spec = {"podSelector": {}, "port": 80, "proxyProtocol": protocol}
    return {"apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "metadata": {"name": "web"}, "spec": spec}


def said(
    parent: dict[str, Any],
    present: dict[str, Any],
    backends: Sequence[dict[str, Any]] = (),
    *,
    kind: str = "HTTPRoute",
) -> Sequence[str]:
    group = "policy.linkerd.io" if parent["kind"] == "Server" else "core"
    spec = {"parentRefs": [{"name": "web", "group": group, **parent}], "rules": [{"backendRefs": list(backends)}]}
    manifest = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": spec,
    }
    route, there = parse_manifest(manifest, source="test"), parse_manifest(present, source="test")
    assert isinstance(route, HTTPRoute | GRPCRoute)
    named = {(there.kind, there.metadata.namespace, there.metadata.name): there}
    return warnings_for(route, Surroundings(pods=(), named=named))


@pytest.mark.parametrize(
    ("parent", "present", "warning"),
    [
        ({"kind": "Service", "port": 81}, SERVICE, "has no port 81"),
        ({"kind": "Service"}, HEADLESS, "is headless"),
        ({"kind": "Server"}, server("opaque"), "have no effect"),
        ({"kind": "Server"}, server("gRPC"), "have no effect"),
        ({"kind": "Server"}, SERVICE, "does not exist"),
    ],
)
def test_a_route_that_routes_nothing_is_warned_about(
    parent: dict[str, Any], present: dict[str, Any], warning: str
) -> None:
    (only,) = said(parent, present)
    assert warning in only


def test_a_backend_without_the_port_is_warned_about() -> None:
    (only,) = said({"kind": "Service", "port": 80}, SERVICE, [{"name": "web", "port": 8080}])
    assert "has no port 8080" in only


@pytest.mark.parametrize(
    ("parent", "present"),
    [
        ({"kind": "Service"}, SERVICE),
        ({"kind": "Service", "port": 80}, SERVICE),
        ({"kind": "Server"}, server("HTTP/1")),
    ],
)
def test_a_route_that_routes_is_not(parent: dict[str, Any], present: dict[str, Any]) -> None:
    assert not said(parent, present)


@pytest.mark.parametrize(
    ("parent", "present", "warned"),
    [
        ({"kind": "Service", "port": 81}, SERVICE, True),
        ({"kind": "Server"}, server("opaque"), True),
        ({"kind": "Server"}, server("gRPC"), False),
        ({"kind": "Server"}, server("HTTP/2"), False),
        ({"kind": "Service"}, SERVICE, False),
    ],
)
def test_grpc_routes_are_warned_about_likewise(parent: dict[str, Any], present: dict[str, Any], warned: bool) -> None:
    assert bool(said(parent, present, kind="GRPCRoute")) == warned


def limits(name: str) -> dict[str, Any]:
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}
    return {
        "apiVersion": "policy.linkerd.io/v1alpha1",
        "kind": "HTTPLocalRateLimitPolicy",
        "metadata": {"name": name},
        "spec": {"targetRef": target, "total": {"requestsPerSecond": 1}},
    }


@pytest.mark.parametrize(
    ("present", "warnings"),
    [
        ([], ["does not exist"]),
        ([server("gRPC")], ["no effect"]),
        ([server("unknown"), limits("other")], ["the oldest holds"]),
        ([server("HTTP/2"), limits("new")], []),
    ],
)
def test_a_rate_limit_that_limits_nothing_is_warned_about(present: list[dict[str, Any]], warnings: list[str]) -> None:
    there = [parse_manifest(manifest, source="test") for manifest in present]
    named = {(item.kind, item.metadata.namespace, item.metadata.name): item for item in there}
    found = warnings_for(parse_manifest(limits("new"), source="test"), Surroundings(pods=(), named=named))
    assert len(found) == len(warnings)
    assert all(warning in said for warning, said in zip(warnings, found, strict=True))
