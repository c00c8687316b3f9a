"""stat, edges, identity and proxy-metrics where there is little to tell; the numbers themselves are telemetry's."""

import json

import pytest
from shell import Hauberk

pytestmark = pytest.mark.usefixtures("api")

SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}"


def test_a_service_without_traffic_has_a_row_without_numbers(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    header, row = hauberk("stat", "services", "-t", "1ms").out.splitlines()
    assert header.split() == [
        "NAME",
        "MESHED",
        "SUCCESS",
        "RPS",
        "LATENCY_P50",
        "LATENCY_P95",
        "LATENCY_P99",
        "TCP_CONN",
    ]
    assert row.split() == ["web", "0/0", "-", "-", "-", "-", "-", "0"]
    (found,) = json.loads(hauberk("stat", "svc/web", "-t", "1ms", "-o", "json").out)
    assert (found["name"], found["success"], found["requests"]) == ("web", None, 0)


def test_an_empty_mesh_is_said_to_be_empty(hauberk: Hauberk) -> None:
    for words in (("stat", "-t", "1ms"), ("edges",)):
        result = hauberk(*words)
        assert (result.code, result.out) == (0, "")
        assert "found" in result.err


@pytest.mark.parametrize("words", [("identity",), ("diagnostics", "proxy-metrics")])
def test_a_pod_that_is_not_there_is_named(hauberk: Hauberk, words: tuple[str, ...]) -> None:
    result = hauberk(*words, "web")
    assert result.code == 1
    assert "no pod or workload 'web' with a proxy in namespace default" in result.err
    assert hauberk(*words).code == 2
