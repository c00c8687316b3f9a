import pytest
from hypothesis import given
from hypothesis import strategies as st
from resources import load, pod, service
from world import World

from hauberk.catalog.ports import (
    LIST_LENGTH_MAX,
    name_of,
    parse_ports,
    pod_port_is_opaque,
    service_port,
    service_protocol,
)
from hauberk.model.pod import Pod


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


@given(st.lists(st.tuples(st.integers(1, 65535), st.integers(0, 300)), max_size=20), st.integers(1, 65535))
def test_a_list_has_what_one_of_its_ranges_has(ranges: list[tuple[int, int]], port: int) -> None:
    bounds = [(low, min(65535, low + length)) for low, length in ranges]
    listed = parse_ports(",".join(f"{low}-{high}" for low, high in bounds))
    assert listed.has(port) == any(low <= port <= high for low, high in bounds)
    assert all(listed.has(low) and listed.has(high) for low, high in bounds)


def test_an_absurd_list_costs_little_and_its_beginning_counts() -> None:
    listed = parse_ports("25," + ",".join(str(port) for port in range(1, 65536, 2)) + "," * 200_000 + "26")
    assert listed.has(25)
    assert not listed.has(26)
    assert len(listed.ranges) < LIST_LENGTH_MAX


def test_containers_that_stay_beside_the_program_declare_ports_too() -> None:
    sidecar = {"name": "s", "restartPolicy": "Always", "ports": [{"name": "extra", "containerPort": 9000}]}
    init = {"name": "i", "ports": [{"name": "setup", "containerPort": 9001}]}
    udp = {"name": "dns", "containerPort": 9002, "protocol": "UDP"}
    spec = {"containers": [{"name": "c", "ports": [udp]}], "initContainers": [sidecar, init]}
    program = load({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})
    assert isinstance(program, Pod)
    assert [name_of(program, port) for port in (9000, 9001, 9002)] == ["extra", "", ""]
