"""The outcome of `--once` for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from hauberk.demo.finding import Finding
from hauberk.demo.table import as_json
from hauberk.telemetry.query import Edge


def write(path: Path, edges: Sequence[Edge], found: Sequence[Finding]) -> None:
    """`edges`, one `verdict` for each promise, and `kept`: whether all of them were."""
    whole = {
        "kept": all(finding.kept for finding in found),
        "verdict": [asdict(finding) for finding in found],
        "edges": as_json(edges),
    }
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
