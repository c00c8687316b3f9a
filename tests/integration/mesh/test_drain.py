"""A proxy that is asked to end finishes what it began."""

import os
import signal
import threading

from meshkit.mesh import Mesh
from meshkit.start import run_server
from meshkit.until import until
from meshkit.workload import Workload


def test_a_request_in_flight_is_answered_and_then_there_is_another_proxy(mesh: Mesh, client: Workload) -> None:
    held = run_server(mesh, "held").ready()
    got: list[bytes] = []

    def ask() -> None:
        with client.http("held.default.svc.cluster.local") as http:
            got.append(http.get("/hold").body)

    thread = threading.Thread(target=ask, name="asking")
    thread.start()
    until("the request has reached the program", lambda: "holding" in held.said(), seen=held.said)
    proxy = held.proxy()
    assert proxy is not None
    os.kill(proxy, signal.SIGTERM)
    until("it drains", lambda: "draining" in log(mesh, held), seen=lambda: log(mesh, held))
    assert held.proxy() == proxy
    assert held.execute("curl", "-sS", "http://127.0.0.1:8080/release").returncode == 0
    thread.join(20)
    assert got == [b"released"]
    until("there is another proxy", lambda: held.proxy() not in (None, proxy))
    assert held.ready().stop() == 128 + signal.SIGTERM


def log(mesh: Mesh, workload: Workload) -> str:
    return (mesh.runtime / "workloads" / workload.pod / "proxy.log").read_text()
