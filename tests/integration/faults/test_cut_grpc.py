"""A connection is cut at every byte of a unary gRPC call: none is made twice, and the client's own connection stays."""

from collections.abc import Iterator

import pytest
from faultkit import grpc
from faultkit.fault import Cut, Direction, End
from faultkit.grpc import Caller
from faultkit.ledger import Ledger
from faultkit.measure import length_of
from faultkit.outcome import Outcome, check
from faultkit.ports import GRPC
from faultkit.program import serving
from faultkit.relay import Relay
from faultkit.stride import positions
from meshkit.mesh import Mesh
from meshkit.workload import Workload


@pytest.fixture(scope="module")
def ledger(server: Workload, path: Relay, loopback: Relay) -> Iterator[Ledger]:
    del path, loopback  # connections from before them would not pass through them
    ledger = Ledger()
    with serving(server, GRPC, grpc.counting(ledger)):
        yield ledger


@pytest.mark.parametrize("direction", list(Direction), ids=lambda direction: direction.value)
def test_cut_at_every_byte(mesh: Mesh, client: Workload, ledger: Ledger, relay: Relay, direction: Direction) -> None:
    address = (mesh.api.service_address("server"), GRPC)
    seen: list[Outcome] = []
    with Caller(lambda: client.connect(address)) as caller:
        for byte in positions(length_of(caller.call, relay, direction, f"{relay.port}-{direction.value}")):
            for end in End:
                name = f"{relay.port}-{direction.value}-{byte}-{end.value}"
                with relay.cutting(Cut(direction, byte, end)):
                    seen.append(caller.call(name))
                # A call that was sent is never repeated, so one may still meet the connection that has just been cut.
                after = [caller.call(f"{name}-after")]
                if after[0].status != grpc.OK:
                    check(after[0], ledger, at_most=1)
                    after.append(caller.call(f"{name}-again"))
                assert after[-1].status == grpc.OK, f"{after} although all is well again after {seen[-1]}"
        assert caller.opened == 1, f"a cut elsewhere ended the client's own connection: {seen}"
    for outcome in seen:
        check(outcome, ledger, at_most=1)
    assert ledger.damaged == []
    assert grpc.OK in {outcome.status for outcome in seen}
