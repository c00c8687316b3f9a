"""What load generators print, and what it means."""

import json

import pytest

from bench.cases import Case
from bench.load import NotUnderstood, read_h2load, read_steady, read_wrk

WRK = """Running 2s test @ http://127.0.0.1:8080/100
  1 threads and 3 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   494.99us    0.97ms   7.50ms   87.34%
    Req/Sec    21.23k     6.08k   28.06k    54.55%
  Latency Distribution
     50%  105.00us
     75%  156.00us
     90%    1.86ms
     99%    4.28ms
  23275 requests in 2.10s, 7.50MB read
{more}Requests/sec:  21100.03
Transfer/sec:      6.80MB
"""
H2LOAD = "requests: 5 total, 7 started, 5 done, 4 succeeded, 1 failed, 0 errored, 0 timeout\n"


def test_wrk_tells_requests_and_quantiles() -> None:
    outcome = read_wrk(WRK.format(more=""))
    assert (outcome.requests, outcome.errors) == (23275, 0)
    assert outcome.rate == pytest.approx(23275 / 2.1)
    assert (outcome.p50_s, outcome.p99_s) == pytest.approx((105e-6, 4.28e-3))


def test_wrong_answers_and_lost_connections_are_errors_and_no_requests() -> None:
    more = "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 275\n"
    outcome = read_wrk(WRK.format(more=more))
    assert (outcome.requests, outcome.errors) == (23000, 285)


def test_h2loads_log_gives_the_quantiles_of_what_succeeded() -> None:
    lines = [
        f"1795559358250694\t{status}\t{us}" for status, us in ((200, 40), (200, 10), (503, 1), (200, 30), (200, 20))
    ]
    outcome = read_h2load(H2LOAD, "\n".join(lines), seconds=2)
    assert (outcome.requests, outcome.errors, outcome.rate) == (4, 1, 2.0)
    assert (outcome.p50_s, outcome.p99_s) == pytest.approx((30e-6, 40e-6))


def test_what_was_never_sent_at_a_fixed_rate_is_an_error() -> None:
    said = {"requests": 10, "errors": 2, "unsent": 3, "p50_us": 120.5, "p99_us": None}
    outcome = read_steady(json.dumps(said), seconds=5)
    assert (outcome.requests, outcome.errors, outcome.rate) == (10, 5, 2.0)
    assert outcome.p50_s == pytest.approx(120.5e-6)
    assert outcome.p99_s is None


def test_other_output_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        read_wrk("unable to connect to 127.0.0.1:80 Connection refused")


def test_a_case_reads_as_a_sentence() -> None:
    assert str(Case(http2=True, size=64 * 1024, connections=1)) == "HTTP/2, 64 KiB, 1 connection"
