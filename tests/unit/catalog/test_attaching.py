"""Which routes hold for a Service or a Server, and why others do not."""

from typing import Any

import pytest
from resources import load, service
from world import World

from hauberk.catalog.attaching import Attached, acceptance, routes_of_port, routes_of_server
from hauberk.catalog.ports import service_port
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httproute import HTTPRoute
from hauberk.model.server import Server

WEB = {"group": "", "kind": "Service", "name": "web", "namespace": "default"}
SERVER = {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}
REGEX = {"matches": [{"method": {"type": "RegularExpression", "service": "a"}}]}
MIRROR = {"filters": [{"type": "RequestMirror"}]}


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80, "admin": 81}))
    return world


def route(kind: str, name: str, parent: dict[str, Any], rule: dict[str, Any] | None = None, **meta: Any) -> Any:
    spec = {"parentRefs": [parent], "rules": [rule or {}]}
    api = "gateway.networking.k8s.io/v1"
    return load({"apiVersion": api, "kind": kind, "metadata": {"name": name, **meta}, "spec": spec})


def attached(world: World, *, port: int = 80, client: str = "client") -> dict[str, list[str]]:
    web = world.snapshot.service("default", "web")
    assert web is not None
    of = service_port(web, port)
    assert of is not None
    return named(routes_of_port(world.mesh, world.snapshot, web, of, client))


def named(of: Attached) -> dict[str, list[str]]:
    found = {"http": [r.metadata.name for r in of.http], "grpc": [r.metadata.name for r in of.grpc]}
    return {kind: names for kind, names in found.items() if names}


def refusal(world: World, of: HTTPRoute | GRPCRoute) -> tuple[str, str]:
    found = acceptance(world.mesh, world.snapshot, of, of.spec.parent_refs[0])
    return (found.reason, found.message) if found is not None else ("Accepted", "")


def test_producers_route_for_all_and_consumers_for_themselves(world: World) -> None:
    world.put(route("HTTPRoute", "producer", WEB), route("HTTPRoute", "consumer", WEB, namespace="client"))
    assert sorted(attached(world, client="client")["http"]) == ["consumer", "producer"]
    assert attached(world, client="other") == {"http": ["producer"]}


@pytest.mark.parametrize(
    ("parent", "ports"),
    [
        ({}, [80, 81]),
        ({"port": 80}, [80]),
        ({"sectionName": "admin"}, [81]),
        ({"sectionName": "admin", "port": 80}, []),
        ({"port": 82}, []),
        ({"group": "core"}, [80, 81]),
        ({"group": "gateway.networking.k8s.io"}, []),
        ({"name": "other"}, []),
        ({"namespace": "other"}, []),
    ],
)
def test_a_parent_means_ports_of_a_service(world: World, parent: dict[str, Any], ports: list[int]) -> None:
    world.put(route("HTTPRoute", "r", {**WEB, **parent}))
    assert [port for port in (80, 81) if attached(world, port=port)] == ports


def test_grpc_beats_http_on_its_port(world: World) -> None:
    http = route("HTTPRoute", "http", {**WEB, "port": 80})
    both = route("HTTPRoute", "both", WEB)
    world.put(http, both, route("GRPCRoute", "grpc", {**WEB, "port": 80}))
    assert attached(world) == {"grpc": ["grpc"]}
    assert attached(world, port=81) == {"http": ["both"]}
    assert refusal(world, http) == ("RouteReasonConflicted", "GRPCRoutes hold there: default/grpc")
    assert refusal(world, both) == ("Accepted", "")


def test_a_consumers_grpc_route_takes_nothing_from_others(world: World) -> None:
    producer, consumer = route("HTTPRoute", "http", WEB), route("HTTPRoute", "own", WEB, namespace="client")
    world.put(producer, consumer, route("GRPCRoute", "grpc", WEB, namespace="client"))
    assert attached(world, client="client") == {"grpc": ["grpc"]}
    assert attached(world, client="other") == {"http": ["http"]}
    assert refusal(world, producer)[0] == "Accepted"
    assert refusal(world, consumer)[0] == "RouteReasonConflicted"


def test_what_cannot_be_carried_out_neither_holds_nor_wins(world: World) -> None:
    http, regex = route("HTTPRoute", "http", WEB), route("GRPCRoute", "regex", WEB, REGEX)
    mirror = route("HTTPRoute", "mirror", WEB, MIRROR)
    world.put(http, regex, mirror)
    assert attached(world) == {"http": ["http"]}
    for of, field in ((regex, "matches[0].method.type"), (mirror, "filters[0].type")):
        reason, message = refusal(world, of)
        assert reason == "UnsupportedValue"
        assert field in message


@pytest.mark.parametrize(
    ("app_protocol", "holding"),
    [
        (None, {"grpc": ["grpc"]}),
        ("kubernetes.io/h2c", {"grpc": ["grpc"]}),
        ("http", {"http": ["http"]}),
        ("https", {}),
    ],
)
def test_the_ports_own_word_says_which_routes_can_hold(
    world: World, app_protocol: str | None, holding: dict[str, list[str]]
) -> None:
    world.put(service("web", "10.78.0.1", {"http": 80}, app_protocol=app_protocol))
    world.put(route("HTTPRoute", "http", WEB), route("GRPCRoute", "grpc", WEB))
    assert attached(world) == holding


def test_a_parent_has_to_be_there_and_to_have_an_address(world: World) -> None:
    gone = route("HTTPRoute", "r", {**WEB, "name": "gone"})
    portless = route("HTTPRoute", "r", {**WEB, "port": 82})
    headless = route("HTTPRoute", "r", {**WEB, "name": "headless"})
    world.put(service("headless", None, {"http": 80}), headless)
    assert refusal(world, gone) == ("NoMatchingParent", "")
    assert refusal(world, portless) == ("NoMatchingParent", "Service web has no TCP port 82")
    assert refusal(world, headless) == ("NoMatchingParent", "parent service must have a ClusterIP")
    web = world.snapshot.service("default", "headless")
    assert web is not None
    assert routes_of_port(world.mesh, world.snapshot, web, web.spec.ports[0], "default") == Attached()


def test_a_server_takes_all_routes_of_its_own_namespace_and_no_others(world: World) -> None:
    spec = {"podSelector": {}, "port": 8080}
    api = "policy.linkerd.io/v1beta3"
    server = load({"apiVersion": api, "kind": "Server", "metadata": {"name": "web"}, "spec": spec})
    assert isinstance(server, Server)
    own, regex = route("HTTPRoute", "own", SERVER), route("GRPCRoute", "regex", SERVER, REGEX)
    foreign = route("HTTPRoute", "foreign", {**SERVER, "namespace": "default"}, namespace="other")
    section = route("HTTPRoute", "section", {**SERVER, "sectionName": "http"})
    world.put(server, own, regex, foreign, section)
    assert named(routes_of_server(world.snapshot, server)) == {"http": ["own"], "grpc": ["regex"]}
    assert refusal(world, own)[0] == "Accepted"
    assert refusal(world, regex)[0] == "UnsupportedValue"
    assert refusal(world, foreign) == refusal(world, section) == ("NoMatchingParent", "")
