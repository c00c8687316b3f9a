"""The control plane starts, is killed, comes back with everything, and leaves nothing behind."""

import socket
import stat
from pathlib import Path

import pytest
from machine import Machine, enrollment, eventually, runs
from signing_requests import WEB, csr_for

from hauberk.model.kinds import kind_named

SERVICE, SERVER, POD = kind_named("", "Service"), kind_named("policy.linkerd.io", "Server"), kind_named("", "Pod")
NAMESPACE, ACCOUNT = kind_named("", "Namespace"), kind_named("", "ServiceAccount")
SLICE = kind_named("discovery.k8s.io", "EndpointSlice")

MANIFEST = {
    "apiVersion": "policy.linkerd.io/v1beta3",
    "kind": "Server",
    "metadata": {"namespace": "shop", "name": "web"},
    "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "port": 8080, "proxyProtocol": "HTTP/1"},
}


@pytest.fixture
def machine(root: Path) -> Machine:
    return Machine(root)


async def test_what_was_acknowledged_outlives_kill_9(machine: Machine) -> None:
    async with machine.up() as up, machine.client() as client:
        await client.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        written = await client.create(SERVER, MANIFEST)
        assert any("selects nothing" in warning for warning in written.warnings)
        status = (await client.enroll(enrollment("web", port=8080))).body["status"]
        slices = await eventually(lambda: _slices(machine), "the slice of the Service")
        await up.kill()
    async with machine.up() as up, machine.client() as client:
        assert await client.get(SERVER, "web", namespace="shop") == written.body
        assert await client.get(ACCOUNT, "default", namespace="shop")
        pod = await client.get(POD, status["podName"], namespace="default")
        assert (pod["metadata"]["uid"], pod["status"]["podIP"]) == (status["podUID"], status["podIP"])
        assert await _slices(machine) == slices
        assert (await machine.certify(WEB, status["token"], csr_for(WEB))).leaf_certificate
        await client.delete(NAMESPACE, "shop")
        assert (await client.list(SERVER)).items == ()
        assert _resident_mib(up.pid) < 150


async def _slices(machine: Machine) -> list[str]:
    async with machine.client() as client:
        found = (await client.list(SLICE)).items
    return [f"{s['metadata']['name']} {s['endpoints'][0]['addresses']}" for s in found if s["endpoints"]]


def _resident_mib(pid: int) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024


async def test_an_orderly_end_leaves_no_socket_and_no_process(machine: Machine) -> None:
    async with machine.up() as up, machine.client() as client:
        sockets = [path for path in machine.runtime.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
        assert {path.name: path.stat().st_mode & 0o777 for path in sockets} == {
            "api.sock": 0o600,
            "authority.sock": 0o600,
            "proxy.sock": 0o600,
        }
        children = up.children()
        assert set(children) == {"authority"}
        watch = client.watch(SERVICE)
        await anext(watch)
        assert await up.stop() == 0
        await watch.aclose()
    assert [path for path in machine.runtime.iterdir() if stat.S_ISSOCK(path.lstat().st_mode)] == []
    assert not runs(children["authority"])
    assert "Traceback" not in machine.said()


async def test_the_authority_ends_with_a_killed_control_plane(machine: Machine) -> None:
    async with machine.up() as up:
        authority = up.children()["authority"]
        await up.kill()
    await eventually(lambda: not runs(authority), "the end of the authority")


async def test_a_second_control_plane_is_refused_and_the_first_goes_on(machine: Machine, root: Path) -> None:
    async with machine.up() as up:
        said = await machine.refused()
        assert f"process {up.pid} uses" in said
        assert "hint: stop that control plane first" in said
        said = await machine.refused({"HAUBERK_STATE_DIR": str(root / "another")})
        assert "a control plane already answers at" in said
        async with machine.client() as client:
            assert (await client.version())["gitVersion"]


async def test_a_damaged_store_is_refused_with_the_way_back(machine: Machine) -> None:
    async with machine.up():
        pass
    database = machine.state / "mesh.db"
    database.write_bytes(b"\0" * 4096 + database.read_bytes()[4096:])
    said = await machine.refused()
    assert "mesh.db is damaged" in said
    assert "hint: " in said
    assert "Traceback" not in said


async def test_an_authority_without_its_root_key_is_refused(machine: Machine) -> None:
    async with machine.up():
        pass
    (machine.state / "authority" / "root.key").unlink()
    said = await machine.refused()
    assert "root.key cannot be read" in said
    assert "error: the authority cannot start" in said
    assert not (machine.runtime / "api.sock").exists()


async def test_something_else_in_the_place_of_a_socket_is_refused(machine: Machine) -> None:
    machine.runtime.mkdir(mode=0o700)
    (machine.runtime / "api.sock").write_text("mine")
    said = await machine.refused()
    assert "is not a socket: move it away" in said
    assert (machine.runtime / "api.sock").read_text() == "mine"


async def test_a_silent_workload_is_taken_out_of_service(root: Path) -> None:
    machine = Machine(root, HAUBERK_LEASE="2s")
    async with machine.up(), machine.client() as client:
        status = (await client.enroll(enrollment("web", port=8080))).body["status"]
        report = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"namespace": "default", "name": status["podName"], "uid": status["podUID"]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }
        await client.put_status(POD, report)

        async def reason() -> str | None:
            pod = await client.get(POD, status["podName"], namespace="default")
            return next(c.get("reason") for c in pod["status"]["conditions"] if c["type"] == "Ready")

        assert await reason() is None
        assert await eventually(reason, "the end of the lease") == "LeaseExpired"


async def test_a_port_in_use_is_named(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = {"HAUBERK_PROXY_API_LISTEN": f"127.0.0.1:{port}", "HAUBERK_PROXY_BINARY": "/bin/true"}
        said = await Machine(root, **settings).refused()
    assert f"error: 127.0.0.1:{port} is in use" in said
    assert "HAUBERK_PROXY_API_LISTEN" in said
