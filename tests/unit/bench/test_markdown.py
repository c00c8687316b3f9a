"""What is pasted into the documentation says what the run said."""

from typing import Any

from bench import markdown


def traffic(plane: str, cpu: float, *, added: float, p999: float) -> dict[str, Any]:
    saturated = {"cpu_us_per_request": cpu, "requests_per_s": 20_000.4}
    return {
        "case": "http1-100-1",
        "protocol": "HTTP/1.1",
        "size": 100,
        "connections": 1,
        "plane": plane,
        "saturated": saturated,
        "cpu_of": {"relay": cpu / 40.0, "envoy-http1": cpu / 96.0, "envoy-http2": cpu / 100.0},
        "steady": {"p999_us": p999},
        "added_p50_us": added,
        "added_p99_us": 3 * added,
    }


def document(*, quiet: bool) -> dict[str, Any]:
    missed = {"what": "CPU", "value": 1.2, "limit": 0.95, "at_least": False, "met": False}
    return {
        "machine": {"cpu": "EPYC", "cores": 2, "kernel": "6", "quiet": quiet, "busy": 0.5, "foreign": 0.02},
        "binaries": {"proxy": "hauberk-proxy"},
        "results": [
            traffic("relay", 40.0, added=100, p999=900),
            traffic("hauberk", 48.0, added=140, p999=950),
            traffic("envoy-http2", 100.0, added=300, p999=3000),
            traffic("envoy-http1", 96.0, added=200, p999=2000),
        ],
        "memory": [],
        "paths": [],
        "start": None,
        "binary_mb": None,
        "control_plane": None,
        "goals": [missed, {**missed, "met": True}],
    }


def test_a_row_has_the_ratios() -> None:
    row = next(line for line in markdown.lines(document(quiet=True)) if line.startswith("| HTTP/1.1"))
    assert "| 40.0 µs | 48.0 µs (1.20) | 96.0 µs | 0.50 | 100, 140 | 300, 420 | 900, 950 | 20,000, 20,000 /s |" in row


def test_what_was_missed_is_told() -> None:
    lines = list(markdown.lines(document(quiet=True)))
    assert lines[-2:] == ["1 of 2 goals met.", "- **missed**: CPU: 1.20, at most 0.95"]


def test_a_busy_machine_is_told_first() -> None:
    assert "Not valid" in next(markdown.lines(document(quiet=False)))
    assert "Not valid" not in next(markdown.lines(document(quiet=True)))
