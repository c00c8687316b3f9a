"""Which endpoints a client gets, by where it runs, held to the plain words of kube-proxy's rules."""

from hypothesis import given
from hypothesis import strategies as st

from hauberk.destination.answer import Candidate, Candidates, Endpoint
from hauberk.destination.choose import NOWHERE, Place, relevant, seen_from

NODES, ZONES = ("n1", "n2", ""), ("z1", "z2", "")
hints = st.frozensets(st.sampled_from(["n1", "n2", "z1", "z2"]), max_size=2)


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    listed = [
        Candidate(
            Endpoint(f"10.0.0.{number}", 80),
            ready=draw(st.booleans()),
            node=draw(st.sampled_from(NODES)),
            zone=draw(st.sampled_from(ZONES)),
            for_nodes=draw(hints),
            for_zones=draw(hints),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    return Candidates(exists=True, all=tuple(listed), local=draw(st.booleans()))


places = st.builds(Place, node=st.sampled_from(NODES), zone=st.sampled_from(ZONES))


def ips(answer: Candidates, place: Place) -> set[str]:
    return {ip for ip, _ in seen_from(answer, place).by_address}


def by_the_book(answer: Candidates, place: Place) -> set[str]:
    """As slowly and plainly as can be, one endpoint after the other."""
    there = [c for c in answer.all if not (answer.local and place.node) or c.node == place.node]
    ready = [c for c in there if c.ready]
    if not ready:
        return {c.endpoint.ip for c in there}
    if not (answer.local and place.node):
        complete_nodes = not [c for c in ready if not c.for_nodes]
        complete_zones = not [c for c in ready if not c.for_zones]
        for_node = {c.endpoint.ip for c in ready if place.node in c.for_nodes}
        for_zone = {c.endpoint.ip for c in ready if place.zone in c.for_zones}
        if complete_nodes and for_node:
            return for_node
        if complete_zones and for_zone:
            return for_zone
    return {c.endpoint.ip for c in ready}


@given(candidates(), places)
def test_the_choice_is_the_one_of_the_rules(answer: Candidates, place: Place) -> None:
    assert ips(answer, place) == by_the_book(answer, place)


@given(candidates(), places)
def test_what_makes_no_difference_is_not_told_apart(answer: Candidates, place: Place) -> None:
    assert seen_from(answer, relevant(answer, place)) == seen_from(answer, place)


@given(candidates(), places)
def test_nobody_is_left_alone_unless_the_service_says_so(answer: Candidates, place: Place) -> None:
    if answer.all and not answer.local:
        assert ips(answer, place)


def hinted(**zones: str) -> Candidates:
    listed = (
        Candidate(Endpoint(f"10.0.0.{n}", 80), zone=zone, for_zones=frozenset({zone} if zone else ()))
        for n, zone in enumerate(zones.values())
    )
    return Candidates(exists=True, all=tuple(listed))


def test_hints_lead_clients_to_their_zone() -> None:
    assert ips(hinted(a="z1", b="z2"), Place("n", "z2")) == {"10.0.0.1"}


def test_hints_that_are_not_complete_lead_nobody() -> None:
    assert ips(hinted(a="z1", b=""), Place("n", "z1")) == {"10.0.0.0", "10.0.0.1"}


def test_a_zone_without_an_endpoint_has_them_all() -> None:
    assert ips(hinted(a="z1", b="z2"), Place("n", "z3")) == {"10.0.0.0", "10.0.0.1"}


def test_hints_of_an_endpoint_that_is_not_ready_do_not_count() -> None:
    going = Candidate(Endpoint("10.0.0.9", 80), ready=False)
    answer = Candidates(exists=True, all=(*hinted(a="z1", b="z2").all, going))
    assert ips(answer, Place("n", "z1")) == {"10.0.0.0"}


def test_labels_say_how_near_an_endpoint_is() -> None:
    answer = hinted(a="z1", b="z2")
    for place, localities in ((Place("n", "z3"), ["remote", "remote"]), (NOWHERE, ["unknown", "unknown"])):
        labels = [dict(endpoint.labels) for endpoint in seen_from(answer, place).by_address.values()]
        assert [label["zone_locality"] for label in labels] == localities
        assert [label["zone"] for label in labels] == ["z1", "z2"]
    assert dict(next(iter(seen_from(answer, Place("", "z1")).by_address.values())).labels)["zone_locality"] == "local"


def test_traffic_that_stays_on_the_node_goes_nowhere_else() -> None:
    here = Candidate(Endpoint("10.0.0.1", 80), ready=False, node="n1")
    there = Candidate(Endpoint("10.0.0.2", 80), node="n2")
    answer = Candidates(exists=True, all=(here, there), local=True)
    assert ips(answer, Place("n1")) == {"10.0.0.1"}
    assert ips(answer, Place("n3")) == set()
    assert ips(answer, NOWHERE) == {"10.0.0.2"}
