"""nginx and a proxy are sent the same bytes: what is forwarded has one meaning, what could have two is refused."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from conformkit.corpus import Case, cases
from conformkit.judge import Outcome, faults, went_through
from conformkit.lanes import LANES, Connect, Lane, Side, compare, tcp, unix
from conformkit.mutate import mutants
from conformkit.no_http import NO_HTTP, begins_a_request
from conformkit.program import PORTS, Program
from conformkit.recorder import Recorder
from conformkit.reference import nginx
from meshkit.manifests import server
from meshkit.mesh import Mesh
from meshkit.until import until
from meshkit.workload import Workload

DECLARED = range(7101, 7101 + LANES)
"""Ports that a Server says are HTTP/1."""
SEED = 4711
MUTANTS = 3000
MUTANTS_DETECTED = 500


@pytest.fixture(scope="module")
def theirs(mesh: Mesh) -> Iterator[list[Side]]:
    with ExitStack() as stack:
        near, far = stack.enter_context(nginx(mesh.root / "reference", LANES))
        yield [
            Side(unix(path), stack.enter_context(Recorder(listener))) for path, listener in zip(near, far, strict=True)
        ]


@pytest.fixture(scope="module")
def declared(mesh: Mesh, client: Workload, workload: Workload, theirs: list[Side]) -> Iterator[list[Lane]]:
    """From outside to the proxy of the program, on ports that are declared to be HTTP/1."""
    del client
    mesh.apply(*(server("program", port, "HTTP/1", accessPolicy="all-unauthenticated") for port in DECLARED))
    ways = [(port, tcp((workload.ip, port))) for port in DECLARED]
    with ExitStack() as stack:
        lanes = _lanes(stack, workload, ways, theirs)
        for ours, _ in lanes:
            until("the port is HTTP/1", lambda ours=ours: not ours.outcome(b"no HTTP\r\n\r\n").seen.streams)
        yield lanes


@pytest.fixture(scope="module")
def detected(mesh: Mesh, client: Workload, workload: Workload, theirs: list[Side]) -> Iterator[list[Lane]]:
    """Through two proxies, the first of which has to find out what it is."""
    address = mesh.api.service_address("program")
    ways = [(port, lambda port=port: client.connect((address, port))) for port in PORTS[-LANES:]]
    with ExitStack() as stack:
        yield _lanes(stack, workload, ways, theirs)


def _lanes(stack: ExitStack, workload: Workload, ways: list[tuple[int, Connect]], theirs: list[Side]) -> list[Lane]:
    return [
        (Side(connect, stack.enter_context(Recorder(Program(workload, port).listen()))), nginx)
        for (port, connect), nginx in zip(ways, theirs, strict=True)
    ]


def test_requests_as_they_should_and_should_not_be(declared: list[Lane]) -> None:
    found = compare(declared, list(cases()), faults)
    assert not found, "\n".join(found.values())


def test_damaged_requests(declared: list[Lane]) -> None:
    found = compare(declared, list(mutants(SEED, MUTANTS)), faults)
    assert not found, "\n".join(found.values())


def test_requests_through_two_proxies(detected: list[Lane]) -> None:
    """Here bytes that are no HTTP by their first line reach the program as they are, and no others do."""
    through: set[str] = set()

    def judge(case: Case, ours: Outcome, nginx: Outcome) -> list[str]:
        if went_through(case, ours):
            through.add(case.name)
            return []
        return faults(case, ours, nginx)

    found = compare(detected, list(cases()), judge)
    assert not found, "\n".join(found.values())
    assert through == NO_HTTP


def test_damaged_requests_through_two_proxies(detected: list[Lane]) -> None:
    def judge(case: Case, ours: Outcome, nginx: Outcome) -> list[str]:
        if went_through(case, ours):
            return ["a request passed as bytes that nobody reads"] if begins_a_request(case.raw) else []
        return faults(case, ours, nginx)

    found = compare(detected, list(mutants(SEED + 1, MUTANTS_DETECTED)), judge)
    assert not found, "\n".join(found.values())
