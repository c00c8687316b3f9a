import pytest
from resources import pod
from world import World

from hauberk.catalog.caller import Callers, Workload, may_ask, parse_workload
from hauberk.catalog.refusal import Refusal

WEB = "web.default.serviceaccount.identity.hauberk.cluster.local"
WORKLOAD = Workload("default", "web-1")


@pytest.fixture
def world() -> World:
    world = World()
    world.put(pod("web-1", "10.77.0.11", service_account="web"))
    return world


def asked(world: World, client_id: str | None, workload: Workload | None) -> str | None:
    refusal = may_ask(world.mesh, world.snapshot, client_id, workload)
    return refusal.reason if refusal is not None else None


def test_a_workload_may_ask_for_itself(world: World) -> None:
    assert asked(world, WEB, WORKLOAD) is None


def test_a_caller_without_a_certificate_may_ask_nothing(world: World) -> None:
    assert asked(world, None, WORKLOAD) == "unauthenticated"
    assert asked(world, "", WORKLOAD) == "unauthenticated"


def test_a_caller_may_not_ask_for_a_workload_of_another_identity(world: World) -> None:
    assert asked(world, WEB.replace("web", "api"), WORKLOAD) == "permission-denied"


def test_a_workload_must_be_registered(world: World) -> None:
    assert asked(world, WEB, Workload("default", "web-2")) == "permission-denied"


def test_a_caller_must_say_which_workload_it_is(world: World) -> None:
    assert asked(world, WEB, None) == "permission-denied"


def test_the_control_plane_may_ask_anything(world: World) -> None:
    assert asked(world, "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local", None) is None


@pytest.mark.parametrize(
    ("token", "workload"),
    [
        ('{"ns":"default","pod":"web-1"}', WORKLOAD),
        ('{"ns":"default","pod":"web-1","nodeName":"host","more":1}', Workload("default", "web-1", "host")),
        ("default:web-1", WORKLOAD),
        ("", None),
        ("default", None),
        (":web-1", None),
        ("{", None),
        ("{}", None),
        ('{"ns":"default"}', None),
        ('{"ns":1,"pod":"web-1"}', None),
        ('{"ns":"default","pod":"web-1","nodeName":[]}', None),
        ('{"a":' * 10_000, None),
    ],
)
def test_a_token_names_a_workload_or_nothing(token: str, workload: Workload | None) -> None:
    assert parse_workload(token) == workload


@pytest.mark.parametrize(
    ("of_ours", "declared"),
    [
        ('{"capabilities":["a","b"]}', {"a", "b"}),
        ('{"capabilities":["a",1,null]}', {"a"}),
        ('{"capabilities":"a"}', set()),
        ('{"capabilities":{"a":1}}', set()),
        ("[]", set()),
        ("null", set()),
        ('{"capabilities":[' + ",".join(['"a"'] * 100) + "]}", set()),
    ],
)
def test_what_a_proxy_understands_is_in_the_token(of_ours: str, declared: set[str]) -> None:
    workload = parse_workload('{"ns":"default","pod":"web-1","hauberk":' + of_ours + "}")
    assert workload == Workload("default", "web-1", capabilities=frozenset(declared))


def test_a_workload_holds_a_bounded_number_of_streams(world: World) -> None:
    callers = Callers(world.mesh, streams_per_workload_max=1)
    with callers.admitted(world.snapshot, WEB, WORKLOAD) as first:
        assert first is None
        with callers.admitted(world.snapshot, WEB, WORKLOAD) as second:
            assert isinstance(second, Refusal)
            assert second.reason == "resource-exhausted"
    with callers.admitted(world.snapshot, WEB, WORKLOAD) as third:
        assert third is None


def test_who_may_not_ask_holds_no_stream(world: World) -> None:
    callers = Callers(world.mesh)
    with callers.admitted(world.snapshot, None, WORKLOAD) as refusal:
        assert isinstance(refusal, Refusal)
    assert not callers._streams


def test_a_trusted_socket_admits_anyone(world: World) -> None:
    with Callers(world.mesh, dangerous_trust_socket=True).admitted(world.snapshot, None, None) as refusal:
        assert refusal is None
