"""The control plane is killed, hangs or is not itself: traffic and names go on, and what changed is caught up."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from meshkit import dns
from meshkit.dns import by_udp
from meshkit.load import Load
from meshkit.mesh import HAUBERK, Mesh
from meshkit.start import a_mesh, run_server
from meshkit.until import until
from meshkit.workload import Workload

SHOP = "shop.default.svc.cluster.local"
SOON_S = 10.0
"""Proxies come back to a control plane that was away with growing pauses."""


@pytest.fixture(scope="module")
def own() -> Iterator[Mesh]:
    """A mesh whose control plane may be broken. Leases are short: it soon gives up on who is silent."""
    with a_mesh({"HAUBERK_LEASE": "3s"}) as mesh:
        yield mesh


@pytest.fixture(scope="module")
def shop(own: Mesh) -> Workload:
    return run_server(own, "shop", replica="shop-1")


@pytest.fixture(scope="module")
def caller(own: Mesh, shop: Workload) -> Workload:
    caller = own.run("caller", ["sleep", "infinity"]).ready()
    shop.ready()
    return caller


def test_kill_9_and_restart_cost_no_request_and_no_name(own: Mesh, caller: Workload, shop: Workload) -> None:
    with Load(lambda: caller.http(SHOP)) as load:
        address = own.api.service_address("shop")
        own.kill_control_plane()
        load.go_on(100)
        assert by_udp(caller, SHOP, dns.A).addresses == (address,)
        assert by_udp(caller, "nobody.default.svc.cluster.local", dns.A).code == dns.NXDOMAIN
        own.up()
        load.go_on(100)
        added = run_server(own, "shop", replica="shop-2").ready()
        until("a replica that came later gets requests", lambda: load.by["shop-2"] > 0, within_s=SOON_S)
        assert own.api.service_address("shop") == address
        assert own.api.pod(shop.pod) is not None
        added.stop()
        load.go_on(50)
    assert load.failures == []


def test_a_workload_that_ends_while_the_control_plane_is_away_is_forgotten(own: Mesh, caller: Workload) -> None:
    del caller
    leaver = run_server(own, "leaver").ready()
    own.kill_control_plane()
    assert leaver.stop() == 128 + signal.SIGTERM
    own.up()
    until("its Pod is gone or not ready", lambda: gone(own, leaver.pod), within_s=20)


def gone(mesh: Mesh, pod: str) -> bool:
    found = mesh.api.pod(pod)
    return found is None or any(c["status"] == "False" for c in found["status"]["conditions"] if c["type"] == "Ready")


def test_a_control_plane_that_hangs_changes_nothing(own: Mesh, caller: Workload) -> None:
    family = processes_of(own.control_plane)
    with Load(lambda: caller.http(SHOP)) as load:
        address = own.api.service_address("shop")
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:
            until("it hangs for longer than a lease", lambda: age(caller) > 9)
            load.go_on(50)
            assert by_udp(caller, SHOP, dns.A).addresses == (address,)
        finally:
            for pid in family:
                os.kill(pid, signal.SIGCONT)
        load.go_on(20)
    assert load.failures == []
    until("the view is confirmed again", lambda: age(caller) < 6, within_s=SOON_S + 10)


def test_a_killed_front_proxy_comes_back_and_proxies_come_back_to_it(own: Mesh, caller: Workload) -> None:
    front = next(pid for pid in processes_of(own.control_plane) if b"proxy.sock" in environ_of(pid))
    with Load(lambda: caller.http(SHOP)) as load:
        os.kill(front, signal.SIGKILL)
        added = run_server(own, "shop", replica="shop-3")
        until("a replica that came later gets requests", lambda: load.by["shop-3"] > 0)
        added.stop()
    assert load.failures == []


def environ_of(pid: int) -> bytes:
    return next(
        (
            v
            for v in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if v.startswith(b"HAUBERK_PROXY_FRONT_TARGET")
        ),
        b"",
    )


def test_it_needs_no_rights(own: Mesh) -> None:
    """Not one capability, that is: all that takes some is done by runners."""
    own.kill_control_plane()
    own.up_by = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", *HAUBERK)
    try:
        own.up()
        effective = next(line for line in status_of(own.control_plane) if line.startswith("CapEff"))
        assert int(effective.split()[1], 16) == 0
        job = own.run("job", ["curl", "-fsS", "-o", "/dev/null", f"http://{SHOP}/"])
        assert job.wait() == 0, job.said()
    finally:
        own.up_by = HAUBERK


def status_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/status").read_text().splitlines()


def processes_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def age(workload: Workload) -> float:
    return workload.metrics().total("hauberk_view_age_seconds")
