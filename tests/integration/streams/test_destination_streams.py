import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import strict
from control_plane import WEB, WITHIN_S, WORKLOAD, ControlPlane
from resources import endpoint_slice, load, pod, service
from world import World

from hauberk._api.linkerd import destination_pb2
from hauberk._api.linkerd.destination_pb2_grpc import DestinationStub

PATH = "web.default.svc.cluster.local:80"
PORTS = {"http": 8080}


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80}))
    replicas(world, 1)
    return world


def replicas(world: World, count: int) -> None:
    """Makes Pods web-1 to web-COUNT the endpoints."""
    pods = {f"web-{n}": f"10.77.0.{n}" for n in range(1, count + 1)}
    world.put(*(pod(name, ip, service_account="web") for name, ip in pods.items()))
    world.put(endpoint_slice("web", PORTS, pods))


def get(channel: grpc.aio.Channel, path: str = PATH, metadata: list[tuple[str, str]] | None = None) -> Any:
    return DestinationStub(channel).Get(
        destination_pb2.GetDestination(path=path, context_token=WORKLOAD), metadata=metadata or [], timeout=WITHIN_S * 4
    )


async def read(stream: Any) -> destination_pb2.Update:
    update = await asyncio.wait_for(stream.read(), WITHIN_S)
    assert isinstance(update, destination_pb2.Update), f"the stream ended: {await stream.code()}"
    strict.check(update)
    return update


def added(update: destination_pb2.Update) -> set[str]:
    return {weighted.metric_labels["pod"] for weighted in update.add.addrs}


async def code_of(stream: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await asyncio.wait_for(stream.read(), WITHIN_S)
    code: grpc.StatusCode = failure.value.code()
    return code


async def test_a_stream_begins_with_the_whole_set_and_goes_on_with_what_changes(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stream = get(channel)
        first = await read(stream)
        assert (added(first), first.replaces) == ({"web-1"}, True)
        assert (first.version.store, first.version.revision) == ("store-1", world.revision)
        replicas(world, 2)
        plane.publish()
        second = await read(stream)
        assert (added(second), second.replaces) == ({"web-2"}, False)
        assert second.version.revision == world.revision
        replicas(world, 1)
        plane.publish()
        third = await read(stream)
        assert [address.port for address in third.remove.addrs] == [8080]
        world.delete("EndpointSlice", "default", "web-1")
        plane.publish()
        assert (await read(stream)).no_endpoints.exists


def in_zones(world: World, *, local: bool = False) -> None:
    """web-1 on Node n1 in zone z1, web-2 on n2 in z2, each for clients of its own zone."""
    for n in (1, 2):
        labels = {"topology.kubernetes.io/zone": f"z{n}"}
        world.put(load({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{n}", "labels": labels}}))
        world.put(pod(f"web-{n}", f"10.77.0.{n}", service_account="web"))
    spec = {"clusterIP": "10.78.0.1", "ports": [{"name": "http", "port": 80}]}
    policy = "Local" if local else "Cluster"
    metadata = {"name": "web"}
    world.put(
        load(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata,
                "spec": {**spec, "internalTrafficPolicy": policy},
            }
        )
    )
    endpoints = [
        {
            "addresses": [f"10.77.0.{n}"],
            "targetRef": {"kind": "Pod", "name": f"web-{n}"},
            "nodeName": f"n{n}",
            "zone": f"z{n}",
            "hints": {"forZones": [{"name": f"z{n}"}]},
        }
        for n in (1, 2)
    ]
    labels = {"kubernetes.io/service-name": "web"}
    world.put(
        load(
            {
                "kind": "EndpointSlice",
                "metadata": {"name": "web-1", "labels": labels},
                "ports": [{"name": "http", "port": 8080}],
                "endpoints": endpoints,
            }
        )
    )


@pytest.mark.parametrize("local", [False, True])
async def test_streams_of_one_question_differ_by_where_their_clients_run(
    world: World, tmp_path: Path, local: bool
) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        streams = [
            DestinationStub(channel).Get(
                destination_pb2.GetDestination(path=PATH, context_token=token), timeout=WITHIN_S * 4
            )
            for token in ('{"ns":"a","pod":"b","nodeName":"n1"}', '{"ns":"a","pod":"b","nodeName":"n2"}')
        ]
        for stream in streams:
            assert added(await read(stream)) == {"web-1"}
        in_zones(world, local=local)
        plane.publish()
        kept, moved = [await read(stream) for stream in streams]
        assert [(w.metric_labels["pod"], w.metric_labels["zone_locality"]) for w in kept.add.addrs] == [
            ("web-1", "local")
        ]
        assert [(w.metric_labels["pod"], w.metric_labels["zone_locality"]) for w in moved.add.addrs] == [
            ("web-2", "local")
        ]
        assert [address.ip.ipv4 & 0xFF for address in (await read(streams[1])).remove.addrs] == [1]
        assert len(plane.destination._endpoints) == 1, "they share one answer"


async def test_a_service_without_endpoints_is_answered_at_once(world: World, tmp_path: Path) -> None:
    world.put(service("empty", "10.78.0.9", {"http": 80}))
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        first = await read(get(channel, "empty.default.svc.cluster.local:80"))
        assert first.no_endpoints.exists
        assert first.replaces


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nobody.default.svc.cluster.local:80", grpc.StatusCode.NOT_FOUND),
        ("example.com:80", grpc.StatusCode.INVALID_ARGUMENT),
        ("10.78.0.1:80", grpc.StatusCode.INVALID_ARGUMENT),
        ("web.default.svc.cluster.local:0", grpc.StatusCode.INVALID_ARGUMENT),
        ("x" * 10_000, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_what_has_no_endpoints_to_have_is_an_error(
    world: World, tmp_path: Path, path: str, code: grpc.StatusCode
) -> None:
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        assert await code_of(get(channel, path)) == code


async def test_a_service_that_goes_and_comes_back_keeps_its_stream(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stream = get(channel)
        await read(stream)
        world.delete("Service", "default", "web")
        plane.publish()
        gone = await read(stream)
        assert gone.WhichOneof("update") == "no_endpoints"
        assert not gone.no_endpoints.exists
        world.put(service("web", "10.78.0.1", {"http": 80}))
        plane.publish()
        assert added(await read(stream)) == {"web-1"}


async def test_a_reader_that_falls_behind_gets_the_sum_of_what_it_missed(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        streams = [get(channel) for _ in range(3)]
        for stream in streams:
            await read(stream)
        # No turn for the server in between: what comes and goes again is never seen.
        for count in (2, 3, 4, 3):
            replicas(world, count)
            plane.publish()
        for stream in streams:
            update = await read(stream)
            assert added(update) == {"web-2", "web-3"}
            assert update.version.revision == world.revision


async def test_a_reader_that_does_not_read_holds_no_queue(world: World, tmp_path: Path) -> None:
    replicas(world, 200)
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stream = get(channel)
        rounds = 60
        for n in range(rounds):
            replicas(world, 100 if n % 2 else 200)
            plane.publish()
            for _ in range(5):
                await asyncio.sleep(0)
        updates, held = 0, set[int]()
        while True:
            update = await read(stream)
            updates += 1
            held |= {weighted.addr.ip.ipv4 for weighted in update.add.addrs}
            held -= {address.ip.ipv4 for address in update.remove.addrs}
            if update.version.revision == world.revision:
                break
        assert len(held) == 100
        assert updates <= rounds + 1


async def test_a_large_service_comes_in_parts_and_only_the_last_has_the_version(world: World, tmp_path: Path) -> None:
    pods = {f"web-{n}": f"10.77.{n // 250}.{n % 250 + 1}" for n in range(2500)}
    world.put(*(pod(name, ip, service_account="web") for name, ip in pods.items()))
    world.put(endpoint_slice("web", PORTS, pods))
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        stream = get(channel)
        parts = [await read(stream) for _ in range(3)]
        assert [len(part.add.addrs) for part in parts] == [1000, 1000, 500]
        assert [part.replaces for part in parts] == [True, False, False]
        assert [part.HasField("version") for part in parts] == [False, False, True]


async def test_a_restarted_server_begins_with_the_whole_set_at_the_same_version(world: World, tmp_path: Path) -> None:
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        before = await read(get(channel))
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        after = await read(get(channel))
    assert after == before


async def test_a_change_elsewhere_moves_the_version_of_later_streams_only(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stream = get(channel)
        await read(stream)
        world.put(service("other", "10.78.0.8", {"http": 80}))
        plane.publish()
        later = get(channel)
        assert (await until(later, world.revision, channel)).version.revision == world.revision
        replicas(world, 2)
        plane.publish()
        assert added(await read(stream)) == {"web-2"}


async def until(stream: Any, revision: int, channel: grpc.aio.Channel) -> destination_pb2.Update:
    """The first message of a stream that was opened when the revision was in force."""
    for _ in range(1000):
        update = await read(stream)
        if update.version.revision >= revision:
            return update
        stream = get(channel)
    raise AssertionError(f"revision {revision} never came")


async def test_a_profile_follows_its_service(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stream = DestinationStub(channel).GetProfile(
            destination_pb2.GetDestination(path="10.78.0.1:80", context_token=WORKLOAD), timeout=WITHIN_S * 4
        )
        profiles = aiter(stream)
        first = await asyncio.wait_for(anext(profiles), WITHIN_S)
        strict.check(first)
        assert (first.fully_qualified_name, first.opaque_protocol) == ("web.default.svc.cluster.local", False)
        world.put(
            service("web", "10.78.0.1", {"http": 80}, annotations={"config.linkerd.io/opaque-ports": "80"}),
        )
        plane.publish()
        second = await asyncio.wait_for(anext(profiles), WITHIN_S)
        strict.check(second)
        assert second.opaque_protocol
        assert second.version.revision == world.revision


async def test_only_the_workload_itself_may_ask(world: World, tmp_path: Path) -> None:
    async with ControlPlane(world, trusted=False).serving(tmp_path / "s") as channel:
        assert added(await read(get(channel, metadata=[("l5d-client-id", WEB)]))) == {"web-1"}
        assert await code_of(get(channel)) == grpc.StatusCode.UNAUTHENTICATED
        other = [("l5d-client-id", WEB.replace("web", "api"))]
        assert await code_of(get(channel, metadata=other)) == grpc.StatusCode.PERMISSION_DENIED
        twice = [("l5d-client-id", WEB), ("l5d-client-id", WEB)]
        assert await code_of(get(channel, metadata=twice)) == grpc.StatusCode.UNAUTHENTICATED


async def test_a_workload_that_leaves_loses_its_streams(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world, trusted=False)
    async with plane.serving(tmp_path / "s") as channel:
        stream = get(channel, metadata=[("l5d-client-id", WEB)])
        await read(stream)
        world.delete("Pod", "default", "web-1")
        plane.publish()
        assert await code_of(stream) == grpc.StatusCode.PERMISSION_DENIED


async def test_streams_are_bounded_and_freed(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world, trusted=False, streams_max=2)
    async with plane.serving(tmp_path / "s") as channel:
        metadata = [("l5d-client-id", WEB)]
        first, second = get(channel, metadata=metadata), get(channel, metadata=metadata)
        await read(first)
        await read(second)
        assert await code_of(get(channel, metadata=metadata)) == grpc.StatusCode.RESOURCE_EXHAUSTED
        first.cancel()
        await eventually(lambda: plane.callers._streams[f"{WEB} default/web-1"] == 1)
        await read(get(channel, metadata=metadata))


async def test_a_stream_that_ends_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stream = get(channel)
        await read(stream)
        assert len(plane.destination._endpoints) == 1
        stream.cancel()
        await eventually(lambda: len(plane.destination._endpoints) == 0)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)
