"""A proxy answers before it has read the request: the connection goes on, or it is said that it does not."""

from faultkit.http1 import read_head
from faultkit.ports import NOBODY
from meshkit.mesh import Mesh
from meshkit.workload import Workload

BODY = 1000
HEAD = b"POST /early HTTP/1.1\r\nhost: server\r\ncontent-length: %d\r\n\r\n" % BODY


def test_a_connection_that_is_kept_can_be_used(mesh: Mesh, client: Workload, server: Workload) -> None:
    """Nobody listens at the program's port. A client that is not told to close sends its next request there."""
    del server
    with client.connect((mesh.api.service_address("server"), NOBODY)) as sock, sock.makefile("rb") as stream:
        sock.sendall(HEAD)
        first = read_head(stream)
        assert first is not None
        assert first[0].split(" ")[1] in ("502", "503", "504")
        stream.read(int(first[1].get("content-length", "0")))
        if first[1].get("connection", "").lower() == "close":
            return
        sock.sendall(bytes(BODY) + HEAD)
        assert read_head(stream) is not None, "it was closed, and that was not said"
