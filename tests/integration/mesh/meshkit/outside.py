"""A web server of the machine's, which is in no mesh."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from meshkit.mesh import Mesh


@contextmanager
def outside(mesh: Mesh, handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[tuple[str, int]]:
    """Serves by `handler` where the workloads of `mesh` reach it; gives its address."""
    with http.server.ThreadingHTTPServer((str(mesh.slot.gateway), 0), handler) as site:
        thread = threading.Thread(target=site.serve_forever, name="outside")
        thread.start()
        try:
            yield str(site.server_address[0]), int(site.server_address[1])
        finally:
            site.shutdown()
            thread.join(10)
