from hauberk.injector.ports import among, numbered
from hauberk.injector.subject import Container, Port, Spec

SPEC = Spec(
    containers=(Container(name="db", ports=(Port(container_port=3307, name="mysql"), Port(container_port=80))),)
)


def test_names_are_those_of_the_pod() -> None:
    assert numbered("80-90,mysql,redis", SPEC) == ("80-90,3307", ("redis",))
    assert numbered("", SPEC) == ("", ())


def test_a_list_has_the_ports_within_its_ranges() -> None:
    assert among("25,3000-4000,80", frozenset({25, 80, 81, 3000, 4000, 4001})) == [25, 80, 3000, 4000]
    assert among("", frozenset({1})) == []
