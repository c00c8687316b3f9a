"""Summerwind's h2spec: what it found, by the number of the case."""

import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

BINARY = Path(__file__).parents[4] / "build" / "bin" / "h2spec"
WITHIN_S = 80.0
HEADER_BYTES = 13_200
"""Five of them are more than the largest frame that proxies take, one still goes into any frame."""


@dataclass(frozen=True)
class Report:
    passed: int
    failed: dict[str, str]
    """The case, as `http2/6.9.1/2`, and what was seen."""

    def __str__(self) -> str:
        shown = "\n".join(f"{case}: {seen}" for case, seen in self.failed.items())
        return f"{self.passed} passed, {len(self.failed)} failed\n{shown}"


def run(host: str, port: int, path: str, *, entering: Sequence[str] = ()) -> Report:
    """`path`: of what is answered once a request is whole. `entering`: what starts a command where the client is."""
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is missing: `make build/bin/h2spec` builds it (needs Go)")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "report.xml"
        done = subprocess.run(
            [
                *entering,
                str(BINARY),
                "--strict",
                "--host",
                host,
                "--port",
                str(port),
                "--path",
                path,
                "--timeout",
                "1",
                "--max-header-length",
                str(HEADER_BYTES),
                "--junit-report",
                str(file),
            ],
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert file.exists(), done.stdout + done.stderr
        return _read(ET.parse(file).getroot())  # noqa: S314 - our own file


def _read(root: ET.Element) -> Report:
    passed, failed = 0, {}
    for suite in root.iter("testsuite"):
        for number, case in enumerate(suite.iter("testcase"), 1):
            wrong = next((found for kind in ("failure", "error", "skipped") for found in case.iter(kind)), None)
            if wrong is None:
                passed += 1
            else:
                failed[f"{case.get('package')}/{number}"] = (
                    f"{case.get('classname')}: {' '.join((wrong.text or '').split())}"
                )
    return Report(passed, failed)
