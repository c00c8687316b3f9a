"""Names inside of a workload: what the name server answers, and what a program makes of it."""

from collections.abc import Callable

import pytest
from meshkit import dns
from meshkit.dns import by_tcp, by_udp
from meshkit.mesh import Mesh
from meshkit.workload import Workload

SERVER = "server.default.svc.cluster.local"


@pytest.mark.parametrize("ask", [by_udp, by_tcp])
def test_a_service_has_its_address_and_no_other_kind_of_it(
    mesh: Mesh, client: Workload, server: Workload, ask: Callable[[Workload, str, int], dns.Reply]
) -> None:
    address = mesh.api.service_address(server.ready().name)
    assert ask(client, SERVER, dns.A) == dns.Reply(dns.NOERROR, (address,))
    assert ask(client, SERVER.upper() + ".", dns.A) == dns.Reply(dns.NOERROR, (address,))
    assert ask(client, SERVER, dns.AAAA) == dns.Reply(dns.NOERROR, ())
    assert ask(client, "nobody.default.svc.cluster.local", dns.A) == dns.Reply(dns.NXDOMAIN, ())


def test_whichever_server_is_asked_the_mesh_answers(mesh: Mesh, client: Workload, server: Workload) -> None:
    address = mesh.api.service_address(server.ready().name)
    assert by_udp(client, SERVER, dns.A, "192.0.2.53").addresses == (address,)


def test_programs_find_services_by_short_names_and_whole_ones(mesh: Mesh, client: Workload, server: Workload) -> None:
    address = mesh.api.service_address(server.ready().name)
    for name in ("server", "server.default", "server.default.svc", SERVER):
        found = client.execute("getent", "ahosts", name)
        assert found.stdout.split()[0].decode() == address, found
    assert client.execute("getent", "ahosts", "nobody").returncode == 2


def test_a_new_service_has_its_name_soon_and_keeps_its_address(mesh: Mesh, client: Workload) -> None:
    job = mesh.run("newcomer", ["sh", "-c", "getent ahosts newcomer"], ports=["80:8080"])
    assert job.wait() == 0, job.said()
    address = job.stdout.read_text().split()[0]
    assert address == mesh.api.service_address("newcomer")
    assert by_udp(client, "newcomer.default.svc.cluster.local", dns.A).addresses == (address,)
