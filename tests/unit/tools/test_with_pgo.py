"""Release builds use the counts of proxy/pgo where the compiler can, and do without where it cannot."""

import lzma
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "tools" / "with-pgo"
COUNTS = b"counts of branches"
BUILD = ("sh", "-c", 'printf "%s" "$RUSTFLAGS"')


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose counts are for version 7, with a compiler of that version."""
    (tmp_path / "tools").mkdir()
    shutil.copy(SCRIPT, tmp_path / "tools")
    pgo = tmp_path / "proxy" / "pgo"
    pgo.mkdir(parents=True)
    (pgo / "counts.xz").write_bytes(lzma.compress(COUNTS))
    (pgo / "rustc").write_text("rustc 7\n")
    compiler(tmp_path, "rustc 7")
    return tmp_path


def compiler(checkout: Path, version: str) -> None:
    rustc = checkout / "bin" / "rustc"
    rustc.parent.mkdir(exist_ok=True)
    rustc.write_text(f'#!/bin/sh\n[ "$*" = --version ] && echo "{version}"\n')
    rustc.chmod(0o755)


def run(checkout: Path, *command: str, flags: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{checkout}/bin:{os.environ['PATH']}", "RUSTFLAGS": flags}
    return subprocess.run(
        [checkout / "tools" / "with-pgo", *command], env=env, capture_output=True, text=True, check=False
    )


def counts_of(flags: str) -> Path:
    return Path(flags.partition("-Cprofile-use=")[2].split()[0])


def test_the_compiler_of_the_counts_gets_them_behind_what_it_is_told_besides(checkout: Path) -> None:
    for _ in range(2):
        built = run(checkout, *BUILD, flags="-Cdebuginfo=1")
        told, _, _ = built.stdout.partition(" -Cprofile-use=")
        assert told == "-Cdebuginfo=1", built.stderr
        assert counts_of(built.stdout).read_bytes() == COUNTS


def test_other_counts_are_another_file_so_that_builds_see_them(checkout: Path) -> None:
    before = run(checkout, *BUILD).stdout
    (checkout / "proxy" / "pgo" / "counts.xz").write_bytes(lzma.compress(b"newer"))
    after = run(checkout, *BUILD).stdout
    assert after != before
    assert counts_of(after).read_bytes() == b"newer"


def test_another_compiler_does_without_and_says_so(checkout: Path) -> None:
    compiler(checkout, "rustc 8")
    built = run(checkout, *BUILD, flags="-Cdebuginfo=1")
    assert (built.returncode, built.stdout) == (0, "-Cdebuginfo=1")
    assert "is for rustc 7, this is rustc 8" in built.stderr


def test_a_build_that_fails_fails(checkout: Path) -> None:
    assert run(checkout, "sh", "-c", "exit 3").returncode == 3
    nothing = run(checkout)
    assert (nothing.returncode, nothing.stderr) == (2, "usage: with-pgo COMMAND...\n")
