"""From a program to a spec, with the real resource API."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from resource_server import control_plane

from hauberk.client.api import Client
from hauberk.client.endpoint import UnixEndpoint
from hauberk.client.errors import ApiError
from hauberk.client.transport import Answer
from hauberk.host.enter import enter
from hauberk.host.failure import SetupFailed
from hauberk.host.ports import ServicePort
from hauberk.host.process import Process, process
from hauberk.host.runner import FILE, Runner, to_document
from hauberk.host.spec import Program, enrollment
from hauberk.host.user import User
from hauberk.model.kinds import KINDS

POD = next(kind for kind in KINDS if kind.kind == "Pod")
ALICE = User("alice", 1000, 1000, (1000,), "/home/alice")
WEB = Program("web", "default", "web", ["./web"], ports=[ServicePort(80, 8080)], labels={"tier": "front"})


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    with control_plane(tmp_path / "run" / "api.sock") as server:
        yield server.socket


@pytest.fixture
async def client(socket: Path) -> AsyncIterator[Client]:
    async with Client(UnixEndpoint(socket)) as client:
        yield client
    await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop


async def pods(client: Client) -> list[str]:
    return [item["metadata"]["name"] for item in (await client.list(POD)).items]


async def test_a_program_is_enrolled_and_its_spec_is_roots_alone(client: Client, tmp_path: Path) -> None:
    path = await enter(client, WEB, ALICE, workloads=tmp_path / "run" / "workloads")
    (pod,) = (await client.list(POD)).items
    directory = path.parent
    document = json.loads(path.read_text())
    assert directory.name == pod["metadata"]["name"] == document["enrollment"]["status"]["podName"]
    assert pod["metadata"]["labels"]["tier"] == "front"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert document["apiSocket"] == str(client.endpoint)
    assert document["enrollment"]["status"]["token"]
    record = json.loads((directory / FILE).read_text())
    own = process(os.getpid())
    assert own is not None
    assert (record["pid"], record["started"]) == (own.pid, own.started)


async def test_nothing_stays_registered_when_the_directory_cannot_be_made(client: Client, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupFailed, match="cannot write"):
        await enter(client, WEB, ALICE, workloads=tmp_path / "file" / "workloads")
    assert await pods(client) == []


async def test_a_refused_enrollment_leaves_nothing(client: Client, tmp_path: Path) -> None:
    workloads = tmp_path / "run" / "workloads"
    with pytest.raises(ApiError, match="shop"):
        await enter(client, Program("web", "shop", "web", ["./web"]), ALICE, workloads=workloads)
    assert not workloads.exists()


async def test_what_a_killed_runner_left_is_removed_before_the_next(client: Client, tmp_path: Path) -> None:
    workloads = tmp_path / "run" / "workloads"
    killed = (await enter(client, WEB, ALICE, workloads=workloads)).parent
    (old,) = (await client.list(POD)).items
    dead = Runner(Process(os.getpid(), 0), "default", killed.name, old["metadata"]["uid"], bridge="hauberk-none")
    (killed / FILE).write_text(json.dumps(to_document(dead)))
    living = (await enter(client, WEB, ALICE, workloads=workloads)).parent
    assert await pods(client) == [living.name]
    assert [directory.name for directory in workloads.iterdir()] == [living.name]


async def test_a_control_plane_cannot_choose_where_roots_files_go(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled = await client.enroll(enrollment(WEB, node_name=""))
    enrolled.body["status"]["podName"] = "../../elsewhere"

    async def answer(_: object) -> Answer:
        return enrolled

    monkeypatch.setattr(client, "enroll", answer)
    with pytest.raises(SetupFailed, match="elsewhere"):
        await enter(client, WEB, ALICE, workloads=tmp_path / "run" / "workloads")
    assert not (tmp_path / "elsewhere").exists()
