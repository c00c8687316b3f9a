import strict
from hypothesis import given
from operations import NAMES, NAMESPACES, VIRTUAL_IPS, histories, populated

from hauberk._api.linkerd import inbound_pb2, outbound_pb2
from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Version
from hauberk.policy import decide, wire
from hauberk.policy.inbound_policy import ServerPolicy
from hauberk.policy.outbound import Question, outbound
from hauberk.policy.outbound_policy import OutboundPolicy

MESH = Mesh()


@given(histories)
def test_every_policy_is_one_that_any_proxy_takes(history: list[tuple[str, Resource]]) -> None:
    join = Join()
    for verb, resource in populated() + history:
        (join.put if verb == "put" else join.delete)(resource)
    snapshot = join.at(Version("store", 1))
    for namespace in NAMESPACES:
        for name in NAMES:
            for port in (8080, 6379):
                inbound = decide.decide(MESH, snapshot, decide.Question(namespace, name, port))
                if isinstance(inbound, ServerPolicy):
                    strict.check(inbound_pb2.Server.FromString(wire.server(inbound)))
        for host in [*VIRTUAL_IPS, "192.0.2.1", "2001:db8::1", "a.one.svc"]:
            for port in (80, 81):
                found = outbound(MESH, snapshot, Question(Authority(host, port), namespace))
                if isinstance(found, OutboundPolicy):
                    strict.check(outbound_pb2.OutboundPolicy.FromString(wire.outbound(found)))


def test_a_body_and_a_version_are_one_message() -> None:
    body = wire.version_bytes(Version("store", 7))
    assert inbound_pb2.Server.FromString(body).version.revision == 7
    assert outbound_pb2.OutboundPolicy.FromString(body).version.store == "store"


def test_a_request_too_long_to_make_sense_is_refused() -> None:
    for read in (wire.read_port_spec, wire.read_traffic_spec):
        refusal = read(b"x" * (wire.REQUEST_BYTES_MAX + 1))
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "invalid-argument"
