"""What restricts and cannot be read is closed, not left out."""

import json
from typing import Any

import pytest

from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.honoured import not_honoured, recognisable
from hauberk.model.httproute import HTTPRoute
from hauberk.model.kinds import kind_named
from hauberk.model.server import EVERY_PORT, Server
from hauberk.store.kubernetes_reading import LeftOut, Read, Reader

GROUP, GATEWAY = "policy.linkerd.io", "gateway.networking.k8s.io"
PARENT = {"group": GROUP, "kind": "Server", "name": "web"}
META = {"name": "odd", "namespace": "shop", "resourceVersion": "5", "annotations": {"note": "x"}, "labels": None}


def read(kind: str, spec: Any, group: str = GROUP, **more: Any) -> Read | LeftOut:
    of = kind_named(group, kind)
    document = {"apiVersion": of.api_version, "kind": kind, "metadata": META, "spec": spec, **more}
    return Reader(of).item(json.dumps(document).encode())


def server(spec: Any) -> tuple[Server, str]:
    found = read("Server", spec)
    assert isinstance(found, Read)
    assert isinstance(found.resource, Server)
    assert found.resource.closed
    return found.resource, found.remarks[0]


@pytest.mark.parametrize(
    ("spec", "labels", "port"),
    [
        ({"podSelector": {"matchLabels": {"app": "web"}}, "port": 80, "accessPolicy": 7}, {"app": "web"}, 80),
        ({"podSelector": {"matchLabels": {"app": "web"}}, "port": "http", "proxyProtocol": []}, {"app": "web"}, "http"),
        ({"podSelector": {"matchLabels": {"app": "web"}}}, {"app": "web"}, EVERY_PORT),
        ({"podSelector": {"matchLabels": {"app": "web"}}, "port": True}, {"app": "web"}, EVERY_PORT),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}, "port": 80}, {}, 80),
        ({"podSelector": [], "port": [80]}, {}, EVERY_PORT),
        ([], {}, EVERY_PORT),
        (None, {}, EVERY_PORT),
    ],
)
def test_a_server_is_closed_as_far_as_it_may_reach(spec: Any, labels: dict[str, str], port: int | str) -> None:
    found, remark = server(spec)
    assert found.spec.port == port
    assert found.spec.pod_selector is not None
    assert found.spec.pod_selector.match_labels == labels
    assert found.spec.access_policy == "deny"
    assert "is closed until it can be read" in remark


def test_a_server_for_others_than_pods_is_about_none_of_them() -> None:
    found, _ = server({"externalWorkloadSelector": {}, "port": []})
    assert found.spec.pod_selector is None


@pytest.mark.parametrize(("kind", "of"), [("HTTPRoute", HTTPRoute), ("GRPCRoute", GRPCRoute)])
def test_a_route_keeps_its_parents_and_nobody_can_tell_what_it_means(kind: str, of: type) -> None:
    found = read(kind, {"parentRefs": [PARENT], "rules": 7}, GATEWAY)
    assert isinstance(found, Read)
    assert isinstance(found.resource, HTTPRoute | GRPCRoute)
    assert isinstance(found.resource, of)
    assert [parent.name for parent in found.resource.spec.parent_refs] == ["web"]
    assert not recognisable(found.resource)
    assert not_honoured(found.resource)


@pytest.mark.parametrize("spec", [{"parentRefs": 7}, {"parentRefs": [{"kind": "Gateway", "name": "g"}], "rules": 7}, 7])
def test_a_route_without_a_parent_here_closes_nothing(spec: Any) -> None:
    found = read("HTTPRoute", spec, GATEWAY)
    assert isinstance(found, LeftOut) or not found.resource.spec.parent_refs  # type: ignore[attr-defined]


def test_what_allows_is_left_out() -> None:
    assert isinstance(read("AuthorizationPolicy", {"targetRef": 7}), LeftOut)


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_what_was_said_of_a_route_is_kept_so_that_it_is_not_said_again_and_again(kind: str) -> None:
    ours = {"parentRef": PARENT, "controllerName": "linkerd.io/policy-controller", "conditions": []}
    status = {"parents": [{"controllerName": 7}, ours, None]}
    found = read(kind, {"parentRefs": [PARENT], "rules": 7}, GATEWAY, status=status)
    assert isinstance(found, Read)
    assert isinstance(found.resource, HTTPRoute | GRPCRoute)
    assert found.resource.status is not None
    assert [parent.controller_name for parent in found.resource.status.parents] == [ours["controllerName"]]
