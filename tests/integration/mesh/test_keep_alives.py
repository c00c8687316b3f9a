"""Whether proxies ask silent peers if they are still there, as the kernel shows it: as set, by default, as enrolled."""

from collections.abc import Iterator, Mapping

import pytest
from meshkit.bare import Host
from meshkit.contract import VIRTUAL_IP
from meshkit.pair import SERVER_IP, Pair, a_pair
from meshkit.timers import established, is_at_rest, keep_alive_s
from meshkit.until import until
from meshkit.workload import Workload

OWN_S = {"OUTBOUND_ACCEPT": 100, "OUTBOUND_CONNECT": 200, "INBOUND_ACCEPT": 300, "INBOUND_CONNECT": 400}
ENROLLED_S = {"OUTBOUND_ACCEPT": None, "OUTBOUND_CONNECT": 10, "INBOUND_ACCEPT": 10, "INBOUND_CONNECT": None}
"""As Linkerd's injector sets them."""
PROGRAM = 8080
GREETS = 9002


@pytest.fixture(params=["own", "default"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Pair, Mapping[str, int | None]]]:
    own = request.param == "own"
    with a_pair({f"{name}_KEEPALIVE": f"{idle}s" for name, idle in OWN_S.items()} if own else {}) as pair:
        yield pair, OWN_S if own else dict.fromkeys(OWN_S)


def test_each_connection_of_a_pair_has_its_own(pair: tuple[Pair, Mapping[str, int | None]]) -> None:
    both, expected = pair
    with both.http() as http:
        assert http.get("/").status == 200
        shown(both.client.pid, both.server.pid, SERVER_IP, expected)


def test_as_the_control_plane_sets_them(client: Workload, server: Workload) -> None:
    with client.http(server.ready().name) as http:
        assert http.get("/").status == 200
        shown(client.program(), server.program(), server.ip, ENROLLED_S)


def shown(client: int, server: int, ip: str, expected: Mapping[str, int | None]) -> None:
    """Waits until the four connections of a request from one network to the other are seen as `expected` (seconds)."""
    sockets = {
        "OUTBOUND_ACCEPT": (client, "sport = :4140"),
        "OUTBOUND_CONNECT": (client, f"dst {ip}"),
        "INBOUND_ACCEPT": (server, "sport = :4143"),
        "INBOUND_CONNECT": (server, f"dst {ip} and dport = :{PROGRAM}"),
    }
    for name, (pid, which) in sockets.items():
        wait_for(name, pid, which, expected[name])


def wait_for(name: str, pid: int, which: str, idle: int | None) -> None:
    def is_seen() -> bool:
        found = established(pid, which)
        return bool(found) and all(is_at_rest(line) and fits(keep_alive_s(line), idle) for line in found)

    until(f"{name}_KEEPALIVE is {idle}", is_seen, within_s=5, seen=lambda: established(pid, which))


def fits(left: float | None, idle: int | None) -> bool:
    """The connection may have been there for a while, and the kernel's ticks add a little."""
    return left is None if idle is None else left is not None and idle - 50 < left <= idle + 1


def test_a_client_whose_host_is_gone_is_given_up() -> None:
    """No connection is open for ever: the program hears of its end, though nobody says so and nobody writes."""
    settings = {"INBOUND_ACCEPT_KEEPALIVE": "1s", "INBOUND_ACCEPT_USER_TIMEOUT": "2s"}
    with a_pair(settings) as pair, pair.client.connect((VIRTUAL_IP, GREETS)) as connection:
        connection.settimeout(10)
        assert connection.recv(100) == b"220 what do you want\r\n"
        until("all is acknowledged", lambda: all(map(is_at_rest, established(pair.server.pid, "sport = :4143"))))
        assert served(pair.server)
        pair.plane.hub.must("ip", "link", "set", "client", "down")
        until("the program's connection ends", lambda: not served(pair.server), within_s=10)


def served(server: Host) -> list[str]:
    return established(server.pid, f"sport = :{GREETS}")
