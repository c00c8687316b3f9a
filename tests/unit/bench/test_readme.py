"""What README.md shows is what a run said."""

import re
from pathlib import Path
from typing import Any

import pytest

from bench import readme

README = Path(__file__).resolve().parents[3] / "README.md"


def result(case: str, plane: str, of_relay: float, added: float) -> dict[str, Any]:
    return {"case": case, "plane": plane, "cpu_of": {"relay": of_relay}, "added_p50_us": added}


def document(*, quiet: bool = True) -> dict[str, Any]:
    cases = ("http1-100-50", "http1-100-8", "http1-100-1", "http2-100-50", "grpc-100-50", "tcp-1")
    planes = (("hauberk", 0.796, 240), ("envoy-http2", 2.6, 700), ("envoy-http1", 3.1, 541))
    memory = {"idle_mb": 1.51, "busy_anonymous_mb": 2.23, "http_kb": 4.45}
    return {
        "machine": {"quiet": quiet},
        "results": [
            *(result(case, plane, of_relay, added) for case in cases for plane, of_relay, added in planes),
            {"case": "http1-100-1", "plane": "relay", "cpu_of": {"envoy-http2": 0.4}, "added_p50_us": 186.4},
        ],
        "memory": [
            {"plane": "relay", **memory},
            {"plane": "hauberk", **memory},
            {"plane": "envoy-http2", "idle_mb": 14.05, "busy_anonymous_mb": 16.73, "http_kb": 15.8},
            {"plane": "envoy-http1", "idle_mb": 13.84, "busy_anonymous_mb": 17.56, "http_kb": 15.9},
        ],
    }


def rows(text: str) -> list[list[str]]:
    table = text.partition(readme.BEGIN)[2].partition(readme.END)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line]


def titles(text: str) -> list[str]:
    """Without the figure that one of them names."""
    return [re.sub(r"add \d+", "add", row[0]) for row in rows(text)][2:]


def test_the_figures_are_ours_and_the_better_envoys() -> None:
    table = list(readme.lines(document()))
    assert table[2] == "| HTTP/1.1, 50 connections | **0.80** | 2.60 |"
    assert table[-3] == "| latency that a lone request gains (median, µs; the relays add 186) | 240 | 541 |"
    assert table[-2] == "| memory of a proxy: idle, busy with 50 connections (anonymous, MB) | 1.5, 2.2 | 13.8, 16.7 |"
    assert table[-1] == "| memory of a pair for each further idle HTTP connection (KB) | 4.5 | 15.8 |"


def test_what_takes_more_than_the_relay_does_not_stand_out() -> None:
    slow = document()
    slow["results"][0]["cpu_of"] = {"relay": 1.05}
    assert next(line for line in readme.lines(slow) if "50 conn" in line).split("|")[2] == " 1.05 "


def test_the_table_of_the_readme_is_replaced_and_nothing_else() -> None:
    text = README.read_text()
    new = readme.placed(text, document())
    assert titles(new) == titles(text)
    for outside in (new.partition(readme.BEGIN)[0], new.partition(readme.END)[2]):
        assert outside
        assert outside in text
    assert rows(new)[2:] == rows("\n".join((readme.BEGIN, *readme.lines(document()), readme.END)))[2:]
    assert readme.placed(new, document()) == new


@pytest.mark.parametrize("text", ["# Without\n", f"{readme.BEGIN}\n", f"{readme.END}\n{readme.BEGIN}\n"])
def test_a_file_without_a_place_is_refused(text: str) -> None:
    with pytest.raises(readme.NotFit, match="no place for the table"):
        readme.placed(text, document())


def test_a_busy_machines_figures_are_not_shown() -> None:
    with pytest.raises(readme.NotFit, match="busy"):
        readme.placed(README.read_text(), document(quiet=False))


@pytest.mark.parametrize("lacking", ["results", "memory"])
def test_a_run_of_a_part_does_not_fill_the_table(lacking: str) -> None:
    part = document()
    part[lacking] = [entry for entry in part[lacking] if not entry["plane"].startswith("envoy-")]
    with pytest.raises(readme.NotFit, match=r"missing: .* Envoy"):
        readme.placed(README.read_text(), part)
