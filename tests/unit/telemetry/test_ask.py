"""Questions of people to the proxy API, which checks its callers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from control_plane import WEB, ControlPlane
from resources import endpoint_slice, pod, service
from world import World

from hauberk.telemetry import wire
from hauberk.telemetry.ask import ProxyApi, Refused

PATH = "web.default.svc.cluster.local:80"
TOKEN = wire.workload_token("default", "web-1")


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    world = World()
    pods = {"web-1": "10.77.0.1", "web-2": "10.77.0.2"}
    world.put(service("web", "10.78.0.1", {"http": 80}), endpoint_slice("web", {"http": 8080}, pods))
    world.put(*(pod(name, ip, service_account="web", ports={"http": 8080}) for name, ip in pods.items()))
    async with ControlPlane(world, trusted=False).serving(tmp_path / "proxy.sock"):
        yield tmp_path / "proxy.sock"


async def test_the_endpoints_of_a_service_with_their_identities(socket: Path) -> None:
    async with ProxyApi(socket, client_id=WEB) as api:
        messages = await api.first(wire.GET, wire.destination_request(PATH, TOKEN), wire.is_whole)
    found = wire.endpoints(messages)
    assert [(e.pod, e.ip, e.port, e.service, e.identity, e.protocol) for e in found] == [
        ("web-1", "10.77.0.1", 8080, "web", WEB, "h2"),
        ("web-2", "10.77.0.2", 8080, "web", WEB, "h2"),
    ]


async def test_profile_and_policies_are_shown_with_readable_addresses(socket: Path) -> None:
    async with ProxyApi(socket, client_id=WEB) as api:
        (profile,) = await api.first(wire.GET_PROFILE, wire.destination_request("10.77.0.2:8080", TOKEN), bool)
        inbound = await api.one(wire.GET_PORT, wire.port_request(8080, TOKEN))
        outbound = await api.one(wire.GET_OUTBOUND, wire.traffic_request(PATH, TOKEN))
    assert wire.profile(profile)["endpoint"]["addr"] == {"ip": "10.77.0.2", "port": 8080}
    assert wire.inbound_policy(inbound)["authorizations"]
    assert wire.outbound_policy(outbound)["metadata"]["resource"]["name"] == "web"


async def test_a_refusal_is_told_in_the_control_planes_words(socket: Path) -> None:
    async with ProxyApi(socket, client_id="intruder") as api:
        with pytest.raises(Refused, match=r"PERMISSION_DENIED.*intruder cannot ask"):
            await api.one(wire.GET_PORT, wire.port_request(8080, TOKEN))


async def test_nobody_there_is_told_with_the_place(tmp_path: Path) -> None:
    async with ProxyApi(tmp_path / "proxy.sock", client_id=WEB) as api:
        with pytest.raises(Refused, match=r"nobody answers at .*proxy\.sock"):
            await api.one(wire.GET_PORT, wire.port_request(8080, TOKEN))


def test_what_is_no_message_is_said_to_be_none() -> None:
    with pytest.raises(wire.NotUnderstood, match="no Server message"):
        wire.inbound_policy(b"\xff\xff")
