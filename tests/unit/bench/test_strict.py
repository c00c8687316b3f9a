"""The exit code of `python -m bench`: of a run, and of one that is told again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bench.__main__
from bench.goals import Facts, judge
from bench.machine import Machine
from bench.needs import ROOT
from bench.report import Report

LARGE_MB, SMALL_MB = 16.25, 12.0
MISSED = "error: 1 of 2 goals missed: binary without symbols, MB: 16.25, at most 15.00\n"


def report(binary_mb: float) -> Report:
    """Of a run that looked at the binary, and found no failed request."""
    facts, machine = Facts([], binary_mb=binary_mb), Machine("EPYC", 2, "6", 0.0, 0.0)
    return Report(machine, {"proxy": "hauberk-proxy"}, facts, supervisor_mb=8.0, goals=judge(facts))


def told(folder: Path, *flags: str, binary_mb: float = LARGE_MB) -> "subprocess.CompletedProcess[str]":
    saved = folder / "saved.json"
    saved.write_text(json.dumps(report(binary_mb).document()))
    argv = [sys.executable, "-m", "bench", "--table", str(saved), *flags]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def test_goals_count_only_where_that_is_asked(tmp_path: Path) -> None:
    lenient, strict = told(tmp_path), told(tmp_path, "--strict")
    assert (lenient.returncode, lenient.stderr) == (0, "")
    assert (strict.returncode, strict.stderr) == (1, MISSED)
    assert strict.stdout == lenient.stdout != ""


def test_a_run_that_meets_its_goals_passes(tmp_path: Path) -> None:
    strict = told(tmp_path, "--strict", binary_mb=SMALL_MB)
    assert (strict.returncode, strict.stderr) == (0, "")


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict",), 1)])
def test_a_run_is_judged_after_its_result_is_written(
    flags: tuple[str, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What it measures is given here, as a real run takes root and minutes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", "--inside", "--case", "start", *flags])
    monkeypatch.setattr(bench.__main__, "run", lambda *_: report(LARGE_MB))
    assert bench.__main__.main() == code
    assert capsys.readouterr().err == (MISSED if code else "")
    assert not json.loads((tmp_path / "bench.json").read_text())["goals"][0]["met"]


def test_without_a_run_there_is_nothing_to_tell(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "bench", "--table", str(tmp_path / "none.json"), "--readme", "README.md"]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "none.json" in ran.stderr


def test_the_help_tells_the_exit_codes() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "with --strict if a goal was missed" in ran.stdout
