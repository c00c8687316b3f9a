"""Routes as they are read, strictly from manifests and leniently from Kubernetes."""

from typing import Any

import msgspec
import pytest

from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.honoured import not_honoured, recognisable
from hauberk.model.httproute import HTTPRoute
from hauberk.model.kinds import by_word
from hauberk.model.parse import parse_manifest, to_dict

SERVICE = {"group": "", "kind": "Service", "name": "web"}
GATEWAY = {"name": "ingress"}


def manifest(rule: dict[str, Any], *parents: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    return {
        "apiVersion": f"gateway.networking.k8s.io/{version}",
        "kind": "GRPCRoute",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"parentRefs": list(parents or (SERVICE,)), "rules": [rule]},
    }


@pytest.mark.parametrize("version", ["v1", "v1alpha2"])
def test_a_grpc_route_is_read_in_all_its_versions(version: str) -> None:
    match = {"method": {"service": "a.B", "method": "C"}, "headers": [{"name": "x", "value": "1"}]}
    route = parse_manifest(manifest({"matches": [match], "name": "one"}, version=version), source="x.yaml")
    assert isinstance(route, GRPCRoute)
    (rule,) = route.spec.rules
    assert rule.matches[0].method is not None
    assert (rule.matches[0].method.type, rule.matches[0].method.service) == ("Exact", "a.B")
    assert parse_manifest(to_dict(route), source="again") == route


def test_a_grpc_route_without_rules_has_one_for_everything() -> None:
    document = manifest({})
    del document["spec"]["rules"]
    route = parse_manifest(document, source="x.yaml")
    assert isinstance(route, GRPCRoute)
    assert [rule.matches for rule in route.spec.rules] == [()]


def test_people_find_the_kind_by_its_words() -> None:
    assert [kind.qualified for kind in by_word("GRPCRoute")] == ["grpcroutes.gateway.networking.k8s.io"]
    assert not by_word("nodes")[0].on_machines


def lenient(kind: type[HTTPRoute] | type[GRPCRoute], rule: dict[str, Any]) -> HTTPRoute | GRPCRoute:
    """From Kubernetes, for which more is valid; gateways are none of our concern."""
    document = {**manifest(rule, GATEWAY, SERVICE), "kind": kind.__name__}
    return msgspec.convert(document, kind)


@pytest.mark.parametrize(
    ("kind", "rule", "honoured", "readable"),
    [
        (HTTPRoute, {}, True, True),
        (HTTPRoute, {"backendRefs": [{"kind": "Secret", "name": "x"}]}, True, True),
        (HTTPRoute, {"filters": [{"type": "URLRewrite", "urlRewrite": {}}]}, False, True),
        (HTTPRoute, {"filters": [{"type": "ExtensionRef", "extensionRef": {}}]}, False, True),
        (HTTPRoute, {"backendRefs": [{"name": "x", "port": 1, "filters": [{"type": "CORS"}]}]}, False, True),
        (HTTPRoute, {"backendRefs": [{"name": "x", "port": 1, "weight": -1}]}, False, True),
        (HTTPRoute, {"matches": [{"path": {"type": "Strange", "value": "/"}}]}, False, False),
        (HTTPRoute, {"matches": [{"path": {"type": "RegularExpression", "value": "("}}]}, False, False),
        (HTTPRoute, {"matches": [{"method": "BREW"}]}, False, False),
        (HTTPRoute, {"timeouts": {"request": "soon"}}, False, True),
        (GRPCRoute, {}, True, True),
        (GRPCRoute, {"matches": [{"method": {"type": "RegularExpression", "service": "a"}}]}, False, False),
        (GRPCRoute, {"filters": [{"type": "RequestMirror", "requestMirror": {}}]}, False, True),
    ],
)
def test_what_can_be_carried_out_is_told_from_what_can_be_recognised(
    kind: type[HTTPRoute] | type[GRPCRoute], rule: dict[str, Any], honoured: bool, readable: bool
) -> None:
    route = lenient(kind, rule)
    assert (not not_honoured(route), recognisable(route)) == (honoured, readable)
