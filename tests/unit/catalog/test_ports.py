import pytest
from resources import pod, service
from world import World

from hauberk.catalog.ports import parse_ports, pod_port_is_opaque, service_port, service_protocol


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("25,8000-8010", [25, 8000, 8005, 8010], [24, 7999, 8011]),
        (" 25 , 26 ,", [25, 26], [27]),
        ("", [], [1, 25]),
        ("0,65536,9-8,1x,5-,99999999", [], [0, 1, 5, 8, 9]),
    ],
)
def test_a_list_of_ports_holds_numbers_and_ranges(text: str, inside: list[int], outside: list[int]) -> None:
    ports = parse_ports(text)
    assert all(ports.has(port) for port in inside)
    assert not any(ports.has(port) for port in outside)


def test_a_port_may_be_listed_by_the_name_that_its_pod_gives_it() -> None:
    world = World()
    named = {"config.linkerd.io/opaque-ports": "db"}
    program = pod("db-1", "10.77.0.1", annotations=named, ports={"db": 1234, "http": 8080})
    assert pod_port_is_opaque(world.mesh, world.snapshot, program, 1234)
    assert not pod_port_is_opaque(world.mesh, world.snapshot, program, 8080)


def test_the_namespace_speaks_where_the_pod_does_not() -> None:
    world = World()
    world.put_yaml(
        "{apiVersion: v1, kind: Namespace,"
        " metadata: {name: default, annotations: {config.linkerd.io/opaque-ports: '8080'}}}"
    )
    silent = pod("a", "10.77.0.1")
    speaking = pod("b", "10.77.0.2", annotations={"config.linkerd.io/opaque-ports": ""})
    assert pod_port_is_opaque(world.mesh, world.snapshot, silent, 8080)
    assert not pod_port_is_opaque(world.mesh, world.snapshot, silent, 25)
    assert not pod_port_is_opaque(world.mesh, world.snapshot, speaking, 8080)


@pytest.mark.parametrize(
    ("app_protocol", "protocol"),
    [
        (None, "opaque"),
        ("http", "http1"),
        ("kubernetes.io/h2c", "http2"),
        ("linkerd.io/opaque", "opaque"),
        ("https", "opaque"),
    ],
)
def test_the_word_of_a_port_beats_the_lists(app_protocol: str | None, protocol: str) -> None:
    world = World()
    smtp = service("mail", "10.78.0.1", {"smtp": 25}, app_protocol=app_protocol)
    port = service_port(smtp, 25)
    assert port is not None
    assert service_protocol(world.mesh, world.snapshot, smtp, port) == protocol
