"""The table for the eye and the report for programs."""

import io
import json
from pathlib import Path

from edges import all_edges, edge, good_facts
from rich.console import Console

from demo import report, scene
from demo.verdict import findings
from hauberk.demo.table import as_json, table
from hauberk.telemetry.query import Edge, Place
from hauberk.telemetry.traffic import Traffic


def rows(*edges: Edge) -> list[list[str]]:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table(edges, "Edges", scene.HOME))
    lines = console.export_text().splitlines()
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if "→" in line]


def test_a_row_tells_success_rate_latency_and_both_identities() -> None:
    assert rows(edge("load", "web")) == [
        ["load → web", "100.00%", "5.0", "1.00 ms", "9.10 ms", "9.82 ms", "load.default", "web.default", "√"]
    ]


def test_refused_failing_opaque_and_insecure_edges_look_so() -> None:
    failing = edge("load", "web")
    failing.traffic.failures = 1
    opaque = Edge(Place("default", "web"), Place("default", "cache"), Traffic(connections_opened=1))
    found = rows(edge("intruder", "web", denied=True), failing, opaque)
    assert [row[1] for row in found] == ["refused", "90.00%", "-"]
    assert found[2][2:6] == ["tcp", "-", "-", "-"]
    assert found[2][-1] != "√"


def test_the_report_is_json_with_edges_and_verdict(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    edges = list(all_edges().values())
    report.write(path, edges, findings(good_facts()))
    read = json.loads(path.read_text())
    assert read["kept"] is True
    assert read["edges"] == json.loads(json.dumps(as_json(edges)))
    assert read["edges"][0]["latency_ms"] == {"p50": 1.0, "p95": 9.1, "p99": 9.82}
    assert {"promise", "kept", "seen"} == set(read["verdict"][0])
