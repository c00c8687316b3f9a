import pytest
from pages import identity, inbound, outbound, reading, target

from hauberk.telemetry.change import Change, changes
from hauberk.telemetry.query import Place, edges, golden

LOAD = target("load-1", "load", "10.77.0.2")
WEB = [target("web-1", "web", "10.77.0.3"), target("web-2", "web", "10.77.0.4")]
ALL = [LOAD, *WEB]


def two_seconds_of_traffic() -> list[Change]:
    before = [reading(one, 10, "") for one in ALL]
    after = [
        reading(
            LOAD,
            12,
            outbound("web", "web-1", 60, failures=6)
            + outbound("web", "web-2", 40).replace(
                'tcp_open_connections{direction="outbound",peer="src",tls="loopback"} 3\n', ""
            ),
        ),
        reading(WEB[0], 12, inbound("load", 60)),
        reading(WEB[1], 12, inbound("load", 40)),
    ]
    return changes(before, after)


def test_replicas_are_one_end_of_an_edge_and_both_identities_are_told() -> None:
    (edge,) = edges(two_seconds_of_traffic(), ALL)
    assert (edge.source, edge.destination) == (Place("default", "load"), Place("default", "web"))
    assert edge.client_ids == {identity("load")}
    assert edge.server_ids == {identity("web")}
    assert edge.secured


def test_success_rate_rate_and_latency_are_those_of_the_clients_proxy() -> None:
    (edge,) = edges(two_seconds_of_traffic(), ALL)
    assert edge.traffic.success_rate == pytest.approx(0.94)
    assert edge.traffic.rps == pytest.approx(50)
    assert edge.traffic.latency_s(0.5) == pytest.approx(0.001)
    assert edge.traffic.latency_s(0.75) == pytest.approx(0.0055)
    assert edge.traffic.connections_open == 2


def test_pods_are_told_apart_when_asked_by_pod() -> None:
    found = edges(two_seconds_of_traffic(), ALL, "pod")
    assert [(e.destination.name, e.traffic.responses) for e in found] == [("web-1", 60), ("web-2", 40)]


def test_a_connection_without_tls_makes_an_edge_insecure_and_says_why() -> None:
    page = outbound("web", "web-1", 5) + outbound("web", "web-2", 5, tls=False)
    (edge,) = edges(changes([reading(LOAD, 0, "")], [reading(LOAD, 1, page)]), ALL)
    assert not edge.secured
    assert edge.insecure_reasons == {"loopback"}


def test_an_identity_of_another_account_is_not_taken_for_the_sources() -> None:
    before = [reading(one, 0, "") for one in ALL]
    after = [reading(LOAD, 1, outbound("web", "web-1", 5)), reading(WEB[0], 1, inbound("intruder", 5))]
    (edge,) = edges(changes(before, after), ALL)
    assert edge.client_ids == set()


def test_a_replica_that_has_gone_is_still_counted_under_its_service() -> None:
    before, after = reading(LOAD, 0, ""), reading(LOAD, 1, outbound("web", "web-9", 5))
    (edge,) = edges(changes([before], [after]), [LOAD])
    assert edge.destination == Place("default", "web")


def test_golden_numbers_are_the_inbound_ones_with_pods_counted() -> None:
    rows = golden(two_seconds_of_traffic(), ALL)
    assert [(r.place.name, r.meshed, r.pods, r.traffic.responses, r.traffic.connections_open) for r in rows] == [
        ("load", 1, 1, 0, 0),
        ("web", 2, 2, 100, 4),
    ]
    assert rows[0].traffic.success_rate is None


def test_golden_numbers_of_services_come_from_their_clients() -> None:
    row = next(r for r in golden(two_seconds_of_traffic(), ALL, "service") if r.place.name == "web")
    assert row.traffic.responses == 100
    assert row.traffic.success_rate == pytest.approx(0.94)


def test_services_are_those_that_are_known_and_workloads_without_one_are_none() -> None:
    rows = golden(two_seconds_of_traffic(), ALL, "service", [Place("default", "idle")])
    assert [(r.place.name, r.meshed, r.pods) for r in rows] == [("idle", 0, 0), ("web", 2, 2)]
