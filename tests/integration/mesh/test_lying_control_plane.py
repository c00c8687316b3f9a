"""The control plane is gone, or lies: the last good view stays in force, nobody else gets in, no proxy spins."""

import itertools
import random
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from meshkit import namespace, tls
from meshkit.bare import PROXY_UID, Proxy
from meshkit.contract import VIRTUAL_IP, World
from meshkit.foreign import ENDPOINTS, INBOUND, OUTBOUND, PROFILE, STREAMS, Answer, identity
from meshkit.http import Http
from meshkit.messages import NAMES, address, default
from meshkit.pair import PORTS, SERVER_IP, Pair, a_pair, world
from meshkit.spin import do_not_spin
from meshkit.until import until

from hauberk._api.hauberk import view_pb2
from hauberk._api.linkerd import destination_pb2, inbound_pb2, outbound_pb2

SERVICES = {ENDPOINTS: "destination", INBOUND: "inbound-policy", OUTBOUND: "outbound-policy", PROFILE: "profile"}
"""As a proxy calls who is asked, in its metrics."""
REPEATS = 3
"""A lie is told again at each attempt; that many are waited for."""
TRUE = world()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Streams are opened anew each second, so that proxies ask again and again; and again after a second at most."""
    settings = {
        "CONTROL_STREAM_LIFETIME": "1s",
        "CONTROL_STREAM_IDLE_TIMEOUT": "1s",
        "CONTROL_STREAM_INITIAL_TIMEOUT": "1s",
        "OUTBOUND_CONNECT_EXP_BACKOFF_MAX": "1s",
    }
    with a_pair(settings) as pair:
        yield pair


@pytest.fixture(autouse=True)
def unharmed(pair: Pair) -> Iterator[None]:
    """After each test the same processes serve and refuse as before."""
    before = [proxy.process.pid for proxy in (pair.client_proxy, pair.server_proxy)]
    as_before(pair)
    yield
    pair.plane.say(TRUE)
    until("all is as before", lambda: is_as_before(pair))
    after = [proxy.process.pid for proxy in (pair.client_proxy, pair.server_proxy)]
    assert after == before
    for proxy in (pair.client_proxy, pair.server_proxy):
        assert proxy.process.poll() is None
        assert "panicked" not in proxy.said()


def as_before(pair: Pair) -> None:
    assert status(pair, 80) == 200
    with pair.http(80) as http:
        assert dict(http.get("/about").json()["headers"])["l5d-client-id"] == identity("client")
    assert status(pair, 9004) == 403
    assert plainly(pair, 9004) == 403
    with pair.http(8080, SERVER_IP) as http:
        assert http.get("/about").status == 200


def is_as_before(pair: Pair) -> bool:
    try:
        as_before(pair)
    except (AssertionError, OSError):
        return False
    return True


def status(pair: Pair, port: int) -> int:
    with pair.http(port) as http:
        return http.get("/").status


def plainly(pair: Pair, port: int) -> int:
    """The answer to somebody who is not in the mesh."""

    def opened():  # type: ignore[no-untyped-def] # noqa: ANN202
        with namespace.sockets_of(PROXY_UID):
            return pair.client.connect((SERVER_IP, port))

    with Http("web", opened) as http:
        return http.get("/").status


NOISE = random.Random(4711)  # noqa: S311 - the same noise each time
NAMELESS = outbound_pb2.OutboundPolicy(protocol={"opaque": {"routes": [{}]}}).SerializeToString()
KINDS = (ENDPOINTS, INBOUND, OUTBOUND)
CONFUSED = {
    ENDPOINTS: NAMELESS,
    INBOUND: bytes(TRUE.endpoints(f"web.default.{NAMES}:80")),  # type: ignore[arg-type]
    OUTBOUND: bytes(TRUE.inbound(8080)),  # type: ignore[arg-type]
}
SENSELESS: dict[str, dict[str, bytes]] = {
    "nothing": dict.fromkeys(KINDS, b""),
    "no message at all": dict.fromkeys(KINDS, b"\xff\xff\xff\xffnonsense"),
    "noise": dict.fromkeys(KINDS, NOISE.randbytes(1000)),
    "messages of another kind": CONFUSED,
    "messages of 8 MB": dict.fromkeys(KINDS, b"\x0a\x80\x80\x80\x04" + bytes(8 * 1024 * 1024)),
}


def lying(method: str, lie: bytes) -> "Lie":
    return Lie(TRUE, {method: lie})


class Lie:
    """The truth, but for some questions."""

    def __init__(self, truth: World, lies: Mapping[str, Answer]) -> None:
        self._truth, self._lies = truth, lies

    def __call__(self, method: str, raw: bytes) -> Answer:
        return self._lies[method] if method in self._lies else self._truth(method, raw)


def complaints(pair: Pair, method: str) -> float:
    """Of both proxies: streams of that service that ended in trouble, as counted."""
    asked_by = (pair.client_proxy, pair.server_proxy)
    return sum(p.metrics().total("hauberk_view_rejected_total", service=SERVICES[method]) for p in asked_by)


@pytest.mark.parametrize("sort", SENSELESS)
def test_what_makes_no_sense_changes_nothing(pair: Pair, sort: str) -> None:
    pair.plane.say(Lie(TRUE, SENSELESS[sort]))
    before = {method: pair.plane.asked[method] for method in STREAMS}
    for method in KINDS:
        until("it is told again and again", lambda m=method: pair.plane.asked[m] > before[m] + REPEATS)  # type: ignore[misc]
        as_before(pair)
    do_not_spin(pair.client_proxy.process.pid, pair.server_proxy.process.pid)


def test_a_profile_that_makes_no_sense_changes_nothing(pair: Pair) -> None:
    unknown = destination_pb2.DestinationProfile(endpoint={"tls_identity": {}}).SerializeToString()
    before = complaints(pair, PROFILE)
    pair.plane.say(lying(PROFILE, unknown))
    until("it is rejected", lambda: complaints(pair, PROFILE) > before + REPEATS)
    as_before(pair)


def authz(**fields: object) -> bytes:
    server = inbound_pb2.Server.FromString(bytes(TRUE.inbound(9004)))  # type: ignore[arg-type]
    server.authorizations.add(metadata=default("more"), labels={"name": "more"}, **fields)
    return server.SerializeToString()


ANYWHERE = {"net": {"ip": {"ipv4": 0}, "prefix_len": 0}}
OPENING = {
    "no networks": authz(authentication={"unauthenticated": {}}),
    "no authentication": authz(networks=[ANYWHERE]),
    "clients of no kind": authz(networks=[ANYWHERE], authentication={"mesh_tls": {}}),
    "a network of no address": authz(networks=[{}], authentication={"unauthenticated": {}}),
    "a prefix of 200 bits": authz(
        networks=[{"net": {"ip": {"ipv4": 0}, "prefix_len": 200}}], authentication={"unauthenticated": {}}
    ),
}


@pytest.mark.parametrize("flaw", OPENING)
def test_an_authorization_that_is_not_whole_opens_nothing(pair: Pair, flaw: str) -> None:
    before = complaints(pair, INBOUND)
    pair.plane.say(lying(INBOUND, OPENING[flaw]))
    until("it is rejected", lambda: complaints(pair, INBOUND) > before + REPEATS)
    as_before(pair)


def policy(change: str) -> bytes:
    message = outbound_pb2.OutboundPolicy.FromString(bytes(TRUE.outbound(spec(80))))  # type: ignore[arg-type]
    backend = message.protocol.detect.http1.routes[0].rules[0].backends.first_available.backends[0].backend
    match change:
        case "an address for a name":
            backend.balancer.discovery.dst.path = f"{SERVER_IP}:8080"
        case "a name without a port":
            backend.balancer.discovery.dst.path = f"web.default.{NAMES}"
        case "port 0":
            backend.forward.addr.CopyFrom(address(SERVER_IP, 0))
        case "no queue":
            backend.ClearField("queue")
        case "a negative time":
            backend.queue.failfast_timeout.seconds = -1
        case _:
            raise AssertionError(change)
    return message.SerializeToString()


def spec(port: int) -> outbound_pb2.TrafficSpec:
    return outbound_pb2.TrafficSpec(addr=address(VIRTUAL_IP, port))


@pytest.mark.parametrize(
    "flaw", ["an address for a name", "a name without a port", "port 0", "no queue", "a negative time"]
)
def test_a_policy_that_leads_nowhere_is_not_followed(pair: Pair, flaw: str) -> None:
    before = complaints(pair, OUTBOUND)
    pair.plane.say(lying(OUTBOUND, policy(flaw)))
    until("it is rejected", lambda: complaints(pair, OUTBOUND) > before + REPEATS)
    as_before(pair)


def test_an_identity_that_cannot_be_read_does_not_turn_into_plain_text(pair: Pair) -> None:
    update = destination_pb2.Update.FromString(bytes(TRUE.endpoints(f"web.default.{NAMES}:80")))  # type: ignore[arg-type]
    update.add.addrs[0].tls_identity.dns_like_identity.name = "not a name"
    before = complaints(pair, ENDPOINTS)
    pair.plane.say(lying(ENDPOINTS, update.SerializeToString()))
    until("it is rejected", lambda: complaints(pair, ENDPOINTS) > before + REPEATS)
    as_before(pair)


@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_change_of_no_endpoints_changes_nothing(pair: Pair, change: str) -> None:
    """It says neither that there are none nor which there are."""
    empty = destination_pb2.Update()
    getattr(empty, change).SetInParent()
    before = complaints(pair, ENDPOINTS)
    pair.plane.say(lying(ENDPOINTS, empty.SerializeToString()))
    until("it is rejected", lambda: complaints(pair, ENDPOINTS) > before + REPEATS)
    as_before(pair)


def test_no_endpoints_are_none_until_there_are_some_again(pair: Pair) -> None:
    """That is no lie but news; it is believed at once, and nothing is sent elsewhere."""
    pair.plane.say(world(has_endpoints=False))
    until("it is believed", lambda: status(pair, 80) == 503)
    pair.plane.say(TRUE)
    until("there is one again", lambda: status(pair, 80) == 200)


def test_a_view_of_an_older_state_is_not_taken(pair: Pair) -> None:
    """Only a control plane with versions can say so."""
    everybody = world(only={})
    question = next(raw for raw in pair.plane.requests[INBOUND] if inbound_pb2.PortSpec.FromString(raw).port == 9004)
    pair.plane.say(Versioned(TRUE, 10))
    asked_anew(pair, question)
    pair.plane.say(Versioned(everybody, 9))
    asked_anew(pair, question)
    # What comes later on a stream is read later: when that is rejected, the older state has been read.
    rejected = complaints(pair, INBOUND)
    pair.plane.say(lying(INBOUND, b""))
    until("what came after it is rejected", lambda: complaints(pair, INBOUND) > rejected + 2 * len(PORTS))
    as_before(pair)
    pair.plane.say(Versioned(everybody, 11))
    until("the state 11 is in force", lambda: status(pair, 9004) == 200)
    pair.plane.say(Versioned(TRUE, 12))
    until("the state 12 is in force", lambda: status(pair, 9004) == 403)


def asked_anew(pair: Pair, question: bytes) -> None:
    before = len(pair.plane.times[INBOUND, question])
    until("it is asked anew", lambda: len(pair.plane.times[INBOUND, question]) > before + 1)


class Versioned:
    """The truth about who may come in, as of a state of the mesh."""

    def __init__(self, truth: World, revision: int) -> None:
        self._truth = truth
        self._version = view_pb2.Version(store="s", revision=revision)

    def __call__(self, method: str, raw: bytes) -> Answer:
        answer = self._truth(method, raw)
        if method != INBOUND or not isinstance(answer, bytes):
            return answer
        return answer + inbound_pb2.Server(version=self._version).SerializeToString()


def test_who_is_lied_to_complains_once_and_asks_at_growing_intervals(pair: Pair) -> None:
    question = next(raw for raw in pair.plane.requests[OUTBOUND] if spec_of(raw).addr == spec(80).addr)
    said, rejected = warnings(pair.client_proxy, "outbound-policy"), complaints(pair, OUTBOUND)
    before = len(pair.plane.times[OUTBOUND, question])
    pair.plane.say(lying(OUTBOUND, b""))
    until("it is asked often", lambda: len(pair.plane.times[OUTBOUND, question]) > before + 6)
    times = pair.plane.times[OUTBOUND, question][before:]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    # From 100 ms on each is twice the last one, up to a second; that the plane notes some late takes a bit off.
    assert all(pause > 0.8 * min(0.1 * 2**turn, 1) for turn, pause in enumerate(pauses)), pauses
    assert complaints(pair, OUTBOUND) > rejected
    # Each destination has a stream of its own, and the client has a few.
    assert warnings(pair.client_proxy, "outbound-policy") - said <= len(set(pair.plane.requests[OUTBOUND]))
    as_before(pair)


def spec_of(raw: bytes) -> outbound_pb2.TrafficSpec:
    return outbound_pb2.TrafficSpec.FromString(raw)


def warnings(proxy: Proxy, service: str) -> int:
    lines = proxy.said().splitlines()
    return sum(" WARN " in line and f'service="{service}"' in line for line in lines)


def test_while_it_is_gone_what_is_known_holds(pair: Pair) -> None:
    with pair.client.connect((VIRTUAL_IP, 9002)) as kept:
        assert kept.recv(100).startswith(b"220")
        pair.plane.down()
        try:
            for _ in range(50):
                as_before(pair)
            kept.sendall(b"still here\r\n")
            assert kept.recv(100) == b"still here\r\n"
            do_not_spin(pair.client_proxy.process.pid, pair.server_proxy.process.pid)
        finally:
            pair.plane.up()
    pair.plane.say(replace(TRUE, only={}))
    until("it is heard again", lambda: status(pair, 9004) == 200)


def test_a_proxy_that_is_killed_while_it_is_gone_stays_closed() -> None:
    """Its default policy would let in everybody; without a certificate it lets in nobody."""
    with a_pair({"INBOUND_DEFAULT_POLICY": "all-unauthenticated"}) as pair:
        as_before(pair)
        pair.plane.down()
        pair.server_proxy.kill()
        pair.server_proxy.start()
        until("it runs", lambda: pair.server_proxy.admin("/ready") == 503)
        for port in (9004, 8080):
            with namespace.sockets_of(PROXY_UID), pair.client.connect((SERVER_IP, port)) as plain:
                plain.settimeout(1)
                plain.sendall(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n")
                with pytest.raises(TimeoutError):
                    plain.recv(1)
        with namespace.visiting(pair.client.pid), namespace.sockets_of(PROXY_UID):
            plain = socket.create_connection((SERVER_IP, 8080), 1)
        with plain, pytest.raises(TimeoutError):
            tls.client(None).wrap_socket(plain, server_hostname=identity("web"))
        pair.plane.up()
        pair.server_proxy.ready()
        until("all is as before", lambda: is_as_before(pair))
