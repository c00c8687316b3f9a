"""What load generators print, and what it means."""

import json

import pytest

from bench.cases import Case, Protocol, full
from bench.load import NotUnderstood, message, read_calls, read_h2load, read_steady, read_stream, read_wrk

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
H2LOAD = """requests: 5 total, 7 started, 5 done, 4 succeeded, 1 failed, 0 errored, 0 timeout
traffic: 1.28MB (1344321) total, 19.20KB (19662) headers (space savings 94.72%), 214B (214) data
"""


def test_wrk_tells_requests_and_quantiles() -> None:
    outcome = read_wrk(WRK.format(more=""))
    assert (outcome.done, outcome.errors) == (23275, 0)
    assert outcome.rate == pytest.approx(23275 / 2.1)
    assert (outcome.p50_s, outcome.p99_s) == pytest.approx((105e-6, 4.28e-3))


def test_wrong_answers_and_lost_connections_are_errors_and_no_requests() -> None:
    more = "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 275\n"
    outcome = read_wrk(WRK.format(more=more))
    assert (outcome.done, outcome.errors) == (23000, 285)


def test_h2loads_log_gives_the_quantiles_of_what_succeeded() -> None:
    lines = [
        f"1795559358250694\t{status}\t{us}" for status, us in ((200, 40), (200, 10), (503, 1), (200, 30), (200, 20))
    ]
    outcome = read_h2load(H2LOAD, "\n".join(lines), seconds=2)
    assert (outcome.done, outcome.errors, outcome.rate) == (4, 1, 2.0)
    assert (outcome.p50_s, outcome.p99_s) == pytest.approx((30e-6, 40e-6))


def test_what_was_never_sent_at_a_fixed_rate_is_an_error() -> None:
    said = {"requests": 10, "errors": 2, "unsent": 3, "p50_us": 120.5, "p99_us": 300.0, "p999_us": None}
    outcome = read_steady(json.dumps(said), seconds=5)
    assert (outcome.done, outcome.errors, outcome.rate) == (10, 5, 2.0)
    assert outcome.p50_s == pytest.approx(120.5e-6)
    assert outcome.p999_s is None


def test_a_call_without_a_message_is_an_error_whatever_its_status() -> None:
    lines = ["1795559358250694\t200\t40"] * 3
    outcome = read_calls(H2LOAD.replace("1 failed", "0 failed"), "\n".join(lines), seconds=1, size=len(message(100)))
    assert (outcome.done, outcome.errors) == (2, 1)


def test_a_message_has_its_lengths() -> None:
    assert message(2) == b"\0\0\0\0\x04\x0a\x02xx"
    assert message(200)[:8] == b"\0\0\0\0\xcb\x0a\xc8\x01"


def test_a_stream_is_counted_in_megabytes() -> None:
    outcome = read_stream('{"bytes": 3000000, "seconds": 2.0, "errors": 1}')
    assert (outcome.done, outcome.rate, outcome.errors) == (3.0, 1.5, 1)


def test_other_output_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        read_wrk("unable to connect to 127.0.0.1:80 Connection refused")


def test_a_case_reads_as_a_sentence_and_has_a_name() -> None:
    large, stream = Case(Protocol.HTTP2, 64 * 1024, 1), Case(Protocol.TCP, 0, 8)
    assert (str(large), large.name) == ("HTTP/2, 64 KiB, 1 connection", "http2-65536-1")
    assert (str(stream), stream.name) == ("TCP stream, 8 connections", "tcp-8")


def test_patterns_choose_cases_and_questions() -> None:
    effort = full().restricted(["http1-100-*", "memory"], seconds=3, rounds=None)
    assert effort.names() == ("http1-100-1", "http1-100-8", "http1-100-50", "memory")
    assert (effort.seconds, effort.rounds, effort.starts) == (3, full().rounds, 1)
    assert full().restricted([], None, None) == full()
    assert full().restricted(["htttp1"], None, None).names() == ()
