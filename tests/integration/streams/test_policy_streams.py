import asyncio
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import strict
from control_plane import WEB, WITHIN_S, WORKLOAD, ControlPlane
from resources import load, pod, service
from world import World

from hauberk._api.hauberk import view_pb2
from hauberk._api.hauberk.view_pb2_grpc import ViewsStub
from hauberk._api.linkerd import inbound_pb2, net_pb2, outbound_pb2
from hauberk._api.linkerd.inbound_pb2_grpc import InboundServerPoliciesStub
from hauberk._api.linkerd.outbound_pb2_grpc import OutboundPoliciesStub

SERVER = {
    "apiVersion": "policy.linkerd.io/v1beta3",
    "kind": "Server",
    "metadata": {"name": "web"},
    "spec": {"podSelector": {}, "port": 8080},
}


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80}), pod("web-1", "10.77.0.1", service_account="web"))
    return world


def port_spec(workload: str = WORKLOAD, port: int = 8080) -> inbound_pb2.PortSpec:
    return inbound_pb2.PortSpec(workload=workload, port=port)


def address(ip: int, port: int = 80) -> outbound_pb2.TrafficSpec:
    return outbound_pb2.TrafficSpec(
        source_workload=WORKLOAD, addr=net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv4=ip), port=port)
    )


async def read(stream: Any) -> Any:
    message = await asyncio.wait_for(stream.read(), WITHIN_S)
    strict.check(message)
    return message


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await asyncio.wait_for(call, WITHIN_S)
    code: grpc.StatusCode = failure.value.code()
    return code


async def test_the_policy_of_a_port_follows_its_resources(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stub = InboundServerPoliciesStub(channel)
        stream = stub.WatchPort(port_spec())
        first = await read(stream)
        assert first.labels["name"] == "all-unauthenticated"
        assert first.version.revision == world.revision
        world.put(load(SERVER))
        plane.publish()
        second = await read(stream)
        assert (second.labels["name"], len(second.authorizations)) == ("web", 0)
        assert second.version.revision == world.revision
        assert await stub.GetPort(port_spec()) == second
        world.delete("Pod", "default", "web-1")
        plane.publish()
        assert await code_of(stream.read()) == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (port_spec(port=0), grpc.StatusCode.INVALID_ARGUMENT),
        (port_spec(port=65536), grpc.StatusCode.INVALID_ARGUMENT),
        (port_spec(workload="nobody"), grpc.StatusCode.INVALID_ARGUMENT),
        (port_spec(workload="x" * 10_000), grpc.StatusCode.INVALID_ARGUMENT),
        (port_spec(workload="default:web-2"), grpc.StatusCode.NOT_FOUND),
    ],
)
async def test_a_question_about_no_port_is_an_error(
    world: World, tmp_path: Path, spec: inbound_pb2.PortSpec, code: grpc.StatusCode
) -> None:
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        stub = InboundServerPoliciesStub(channel)
        assert await code_of(stub.GetPort(spec)) == code
        assert await code_of(stub.WatchPort(spec).read()) == code


async def test_the_policy_of_a_destination_follows_its_resources(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world)
    async with plane.serving(tmp_path / "s") as channel:
        stub = OutboundPoliciesStub(channel)
        stream = stub.Watch(address(0x0A4E0001))
        first = await read(stream)
        assert first.protocol.WhichOneof("kind") == "detect"
        world.put(service("web", "10.78.0.1", {"http": 80}, app_protocol="kubernetes.io/h2c"))
        plane.publish()
        second = await read(stream)
        assert second.protocol.WhichOneof("kind") == "http2"
        assert await stub.Get(address(0x0A4E0001)) == second
        named = outbound_pb2.TrafficSpec(source_workload=WORKLOAD, authority="web.default.svc:80")
        assert await stub.Get(named) == second


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (address(0x0A4D0001), grpc.StatusCode.NOT_FOUND),
        (address(0x0A4E0001, port=0), grpc.StatusCode.INVALID_ARGUMENT),
        (outbound_pb2.TrafficSpec(source_workload=WORKLOAD), grpc.StatusCode.INVALID_ARGUMENT),
        (outbound_pb2.TrafficSpec(source_workload=WORKLOAD, authority="a:b"), grpc.StatusCode.INVALID_ARGUMENT),
        (outbound_pb2.TrafficSpec(source_workload="?", authority="a:1"), grpc.StatusCode.INVALID_ARGUMENT),
        (outbound_pb2.TrafficSpec(source_workload=WORKLOAD, authority="example.com:1"), grpc.StatusCode.NOT_FOUND),
        (
            outbound_pb2.TrafficSpec(source_workload=WORKLOAD, addr=net_pb2.TcpAddress(port=80)),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    ],
)
async def test_a_question_about_no_destination_is_an_error(
    world: World, tmp_path: Path, spec: outbound_pb2.TrafficSpec, code: grpc.StatusCode
) -> None:
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        stub = OutboundPoliciesStub(channel)
        assert await code_of(stub.Get(spec)) == code
        assert await code_of(stub.Watch(spec).read()) == code


async def test_an_address_in_ipv6_clothes_is_the_address(world: World, tmp_path: Path) -> None:
    mapped = net_pb2.IPAddress(ipv6=net_pb2.IPv6(first=0, last=0xFFFF_0A4E_0001))
    spec = outbound_pb2.TrafficSpec(source_workload=WORKLOAD, addr=net_pb2.TcpAddress(ip=mapped, port=80))
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        policy = await OutboundPoliciesStub(channel).Get(spec)
        assert policy.metadata.resource.name == "web"


async def test_bytes_that_are_no_message_are_refused(world: World, tmp_path: Path) -> None:
    async with ControlPlane(world).serving(tmp_path / "s") as channel:
        for method in (
            "/io.linkerd.proxy.destination.Destination/Get",
            "/io.linkerd.proxy.inbound.InboundServerPolicies/WatchPort",
            "/io.linkerd.proxy.outbound.OutboundPolicies/Watch",
            "/hauberk.view.v1.Views/Confirm",
        ):
            stream = channel.unary_stream(method)(b"\xff\xff")
            assert await code_of(stream.read()) == grpc.StatusCode.INVALID_ARGUMENT


async def test_only_the_workload_itself_may_ask_for_its_policy(world: World, tmp_path: Path) -> None:
    async with ControlPlane(world, trusted=False).serving(tmp_path / "s") as channel:
        inbound, outbound = InboundServerPoliciesStub(channel), OutboundPoliciesStub(channel)
        me, other = [("l5d-client-id", WEB)], [("l5d-client-id", WEB.replace("web", "api"))]
        assert (await inbound.GetPort(port_spec(), metadata=me)).labels["name"] == "all-unauthenticated"
        assert await code_of(inbound.GetPort(port_spec())) == grpc.StatusCode.UNAUTHENTICATED
        for call in (inbound.GetPort(port_spec(), metadata=other), outbound.Get(address(0x0A4E0001), metadata=other)):
            assert await code_of(call) == grpc.StatusCode.PERMISSION_DENIED
        for stream in (
            inbound.WatchPort(port_spec(), metadata=other),
            outbound.Watch(address(0x0A4E0001), metadata=other),
        ):
            assert await code_of(stream.read()) == grpc.StatusCode.PERMISSION_DENIED


async def test_the_heartbeat_confirms_what_all_answers_reflect(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world, interval_s=0.01)
    async with plane.serving(tmp_path / "s") as channel:
        stream = ViewsStub(channel).Confirm(view_pb2.ConfirmRequest(workload=WORKLOAD))
        first = await asyncio.wait_for(stream.read(), WITHIN_S)
        assert (first.version.store, first.version.revision) == ("store-1", world.revision)
        assert first.interval_ms == 10
        world.put(pod("web-2", "10.77.0.2"))
        plane.publish()
        async with asyncio.timeout(WITHIN_S):
            while (await stream.read()).version.revision < world.revision:
                pass


async def test_the_heartbeat_of_a_workload_that_leaves_ends(world: World, tmp_path: Path) -> None:
    plane = ControlPlane(world, interval_s=0.01, trusted=False)
    async with plane.serving(tmp_path / "s") as channel:
        request = view_pb2.ConfirmRequest(workload=WORKLOAD)
        stream = ViewsStub(channel).Confirm(request, metadata=[("l5d-client-id", WEB)])
        await asyncio.wait_for(stream.read(), WITHIN_S)
        world.delete("Pod", "default", "web-1")
        plane.publish()
        async with asyncio.timeout(WITHIN_S):
            assert await stream.code() == grpc.StatusCode.PERMISSION_DENIED
