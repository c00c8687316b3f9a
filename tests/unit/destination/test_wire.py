import strict
from hypothesis import given
from operations import NAMES, NAMESPACES, histories, populated

from hauberk._api.linkerd import destination_pb2
from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, ServiceName
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Version
from hauberk.destination import wire
from hauberk.destination.answer import Address, Candidates, Endpoint, Endpoints
from hauberk.destination.choose import NOWHERE, seen_from
from hauberk.destination.profile import profile
from hauberk.destination.resolve import Question, resolve

MESH = Mesh()


class Receiver:
    """What a proxy holds after the updates that it got."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def take(self, body: bytes) -> None:
        update = destination_pb2.Update.FromString(body)
        strict.check(update)
        if update.replaces or update.WhichOneof("update") == "no_endpoints":
            self.held = {}
        for weighted in update.add.addrs:
            self.held[str(weighted.addr)] = weighted.SerializeToString(deterministic=True)
        for address in update.remove.addrs:
            del self.held[str(address)]


@given(histories)
def test_changes_applied_in_order_give_the_whole_set(history: list[tuple[str, Resource]]) -> None:
    join = Join()
    questions = [Question(ServiceName(name, namespace), 80) for name in NAMES for namespace in NAMESPACES]
    following = {question: Receiver() for question in questions}
    sent: dict[Question, Endpoints] = {}
    for verb, resource in populated() + history:
        (join.put if verb == "put" else join.delete)(resource)
        for question, receiver in following.items():
            answer = resolve(MESH, join.at(Version("store", 1)), question)
            assert isinstance(answer, Candidates)
            seen = seen_from(answer, NOWHERE)
            for body in wire.changes(sent[question], seen) if question in sent else wire.whole(seen):
                receiver.take(body)
            sent[question] = seen
            anew = Receiver()
            for body in wire.whole(seen):
                anew.take(body)
            assert receiver.held == anew.held


@given(histories)
def test_every_profile_is_one_that_any_proxy_takes(history: list[tuple[str, Resource]]) -> None:
    join = Join()
    for verb, resource in populated() + history:
        (join.put if verb == "put" else join.delete)(resource)
    snapshot = join.at(Version("store", 1))
    hosts = ["10.77.0.1", "10.77.0.2", "10.78.0.1", "10.78.0.2", "192.0.2.1", "2001:db8::1"]
    names = [f"{name}.one.svc.cluster.local" for name in NAMES] + ["a.a.one.svc.cluster.local"]
    for host in hosts + names:
        for port in (80, 81, 8080, 4191):
            answer = profile(MESH, snapshot, Authority(host, port))
            if not isinstance(answer, Refusal):
                strict.check(destination_pb2.DestinationProfile.FromString(wire.profile(answer)))


def test_a_body_and_a_version_are_one_message() -> None:
    body = wire.whole(Endpoints(exists=False))[0] + wire.version_bytes(Version("store", 7))
    update = destination_pb2.Update.FromString(body)
    assert (update.version.store, update.version.revision) == ("store", 7)
    assert update.replaces


def test_an_ipv6_endpoint_is_encoded_in_halves() -> None:
    weighted = wire.weighted(Endpoint(ip="2001:db8::1", port=80))
    assert weighted.addr.ip.ipv6.first == 0x20010DB8_00000000
    assert weighted.addr.ip.ipv6.last == 1


def test_nothing_is_sent_where_nothing_changed() -> None:
    address: Address = ("10.77.0.1", 80)
    same = Endpoints(exists=True, by_address={address: Endpoint(*address)})
    assert wire.changes(same, same) == []


def test_a_request_too_long_to_make_sense_is_refused() -> None:
    for read in (wire.read_request, wire.read_confirm_request):
        refusal = read(b"x" * (wire.REQUEST_BYTES_MAX + 1))
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "invalid-argument"
