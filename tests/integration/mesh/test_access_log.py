"""The access log of a real proxy: on standard output, and written to its last line."""

import json
from collections.abc import Iterator

import pytest
from meshkit.foreign import identity
from meshkit.pair import CLIENT_IP, Pair, a_pair
from meshkit.until import until


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with a_pair({"ACCESS_LOG": "json"}) as pair:
        yield pair


def lines(pair: Pair) -> list[dict[str, object]]:
    """Those of the server's proxy, among the lines of its own log."""
    said = pair.server_proxy.said().splitlines()
    return [json.loads(line) for line in said if line.startswith('{"client.addr"') and line.endswith("}")]


def test_a_request_has_a_line_with_its_client_and_its_outcome(pair: Pair) -> None:
    with pair.http() as http:
        assert http.get("/about?x=1", {"user-agent": 'a "quoted" agent', "x-request-id": "42"}).status == 200
    [line] = until("the line is written", lambda: lines(pair), seen=pair.server_proxy.said)
    expected = {
        "client.id": identity("client"),
        "method": "GET",
        "status": 200,
        "trace_id": "42",
        "user_agent": 'a "quoted" agent',
        "version": "HTTP/2.0",
    }
    assert expected.items() <= line.items()
    assert str(line["client.addr"]).startswith(f"{CLIENT_IP}:")
    assert str(line["uri"]).endswith("/about?x=1")
    assert 0 < int(str(line["processing_ns"])) <= int(str(line["total_ns"]))
    assert pair.server_proxy.metrics().total("hauberk_access_log_dropped_total") == 0


def test_nothing_is_lost_when_the_proxy_ends(pair: Pair) -> None:
    before = len(lines(pair))
    with pair.http() as http:
        for _ in range(200):
            assert http.get("/about").status == 200
    pair.server_proxy.process.terminate()
    pair.server_proxy.process.wait(30)
    assert len(lines(pair)) == before + 200
