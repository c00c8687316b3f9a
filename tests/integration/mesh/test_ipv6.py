"""What a workload of the mesh has of IPv6, which gives out IPv4 addresses only: programs may listen on it."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.workload import Workload

PORT = 8086


@pytest.fixture(scope="module")
def site(mesh: Mesh) -> Iterator[Workload]:
    """A program that has one listener for all, as many have."""
    words = [sys.executable, "-m", "http.server", str(PORT), "--bind", "::", "--directory", "/proc/self/net"]
    site = mesh.run("site", words, ports=[f"80:{PORT}"]).ready()
    yield site
    site.stop()


def test_a_program_that_listens_on_all_of_ipv6_is_reached(client: Workload, site: Workload) -> None:
    with client.http(site.name) as http:
        assert http.get("/dev").status == 200


def test_its_own_ipv6_loopback_is_the_programs(site: Workload) -> None:
    with Http("localhost", lambda: site.connect(("::1", PORT))) as http:
        assert http.get("/dev").status == 200
    opened = {"direction": "inbound", "target_addr": f"[::1]:{PORT}"}
    assert site.metrics().total("tcp_open_total", **opened) == 0


def test_an_address_of_ipv6_that_somebody_adds_is_no_way_around_the_proxy(mesh: Mesh, site: Workload) -> None:
    network = f"fd48:6176:{mesh.slot.number:x}:"
    outside = ["address", "replace", f"{network}:1/64", "dev", mesh.slot.bridge, "nodad"]
    inside = ["address", "add", f"{network}:2/64", "dev", "eth0", "nodad"]
    subprocess.run(["ip", *outside], check=True)
    subprocess.run(["nsenter", "--target", str(site.program()), "--net", "ip", *inside], check=True)
    assert refused((f"{network}:2", PORT))


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 10).close()
    except ConnectionRefusedError:
        return True
    return False
