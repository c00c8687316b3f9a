"""A proxy that is asked to end finishes what it began, if that does not take too long."""

import http.client
import os
import signal
import threading
import time

import pytest
from meshkit.contract import VIRTUAL_IP
from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.pair import HOST, SERVER_IP, a_pair
from meshkit.start import run_server
from meshkit.until import WITHIN_S, until
from meshkit.workload import Workload

GRACE_S = 1.0


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


def test_a_program_that_still_answers_may_call_others_meanwhile() -> None:
    """Its connections end first, and then those that it began: a classic sidecar is told to end when its program is."""
    with a_pair() as pair, pair.http() as asking:
        program = pair.server.directory / "program.log"
        asking.request("GET", "/hold")
        until("the request has reached the program", lambda: "holding" in program.read_text(), seen=program.read_text)
        pair.server_proxy.process.terminate()
        until("it drains", lambda: "draining" in pair.server_proxy.said(), seen=pair.server_proxy.said)
        with pytest.raises(ConnectionRefusedError):
            pair.plane.hub.connect((SERVER_IP, 8080))
        with pair.server.http(HOST, (VIRTUAL_IP, 80)) as http:
            assert http.get("/about").status == 200
        with pair.server.http(HOST, ("127.0.0.1", 8080)) as http:
            assert http.get("/release").status == 200
        assert asking.getresponse().read() == b"released"
        assert pair.server_proxy.process.wait(WITHIN_S) == 0
        assert "all connections are done" in pair.server_proxy.said()


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_request_that_hangs_is_given_up_after_the_grace_period(side: str) -> None:
    """Its client is told, whichever of the proxies it is that ends."""
    with a_pair({"SHUTDOWN_GRACE_PERIOD": f"{GRACE_S:g}s"}) as pair, pair.http() as asking:
        proxy = {"client": pair.client_proxy, "server": pair.server_proxy}[side]
        program = pair.server.directory / "program.log"
        asking.request("GET", "/hold")
        until("the request has reached the program", lambda: "holding" in program.read_text(), seen=program.read_text)
        began = time.monotonic()
        proxy.process.terminate()
        assert proxy.process.wait(WITHIN_S) == 0, proxy.said()
        assert time.monotonic() - began >= GRACE_S, "what was in flight had no time"
        assert "did not finish in time" in proxy.said()
        assert status(asking) in (None, 502, 503, 504)


def status(asking: Http) -> int | None:
    """Of the answer; None where the connection ended without one."""
    try:
        return asking.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        return None
