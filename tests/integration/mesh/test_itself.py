"""A program that reaches itself."""

from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.workload import Workload


def test_by_the_address_of_its_pod(server: Workload) -> None:
    """That way is by the loopback interface, which is not redirected: the program's own headers stay as they are."""
    address = (server.ready().ip, 8080)
    with Http("server", lambda: server.connect(address)) as http:
        arrived = http.get("/", {"l5d-mine": "kept"}).json()["headers"]
    assert ["l5d-mine", "kept"] in arrived


def test_by_its_service_with_bytes_that_nobody_reads(mesh: Mesh, server: Workload) -> None:
    out = {
        "direction": "outbound",
        "peer": "src",
        "target_addr": f"{mesh.api.service_address(server.ready().name)}:9002",
    }
    before = server.metrics().total("tcp_open_total", **out)
    with server.connect((mesh.api.service_address(server.name), 9002)) as connection:
        lines = connection.makefile("rwb")
        assert lines.readline() == b"220 what do you want\r\n"
        lines.write(b"itself\r\n")
        lines.flush()
        assert lines.readline() == b"itself\r\n"
        lines.close()
    assert server.metrics().total("tcp_open_total", **out) == before + 1
