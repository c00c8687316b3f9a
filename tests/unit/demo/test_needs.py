"""The line that says what is missing."""

from pathlib import Path

import pytest

from demo import needs


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine that has everything, in one folder."""
    monkeypatch.setattr(needs, "_ADMIN_FOLDERS", str(tmp_path))
    for name in (*needs.PROGRAMS, "hauberk-proxy"):
        program = tmp_path / name
        program.touch(mode=0o755)
    return {"PATH": str(tmp_path), "HAUBERK_PROXY_BINARY": str(tmp_path / "hauberk-proxy")}


def test_nothing_is_missing(machine: dict[str, str]) -> None:
    assert needs.missing(machine, uid=0) is None


def test_without_root_one_line_says_so(machine: dict[str, str]) -> None:
    said = needs.missing(machine, uid=1000)
    assert said is not None
    assert "needs root" in said
    assert "\n" not in said


def test_programs_are_named_with_their_packages(machine: dict[str, str]) -> None:
    for name in ("nginx", "nft"):
        (Path(machine["PATH"]) / name).unlink()
    said = needs.missing(machine, uid=0)
    assert said == "the demo needs nft, nginx. Try: apt-get install nftables nginx-light"


def test_a_missing_proxy_is_named(machine: dict[str, str]) -> None:
    Path(machine["HAUBERK_PROXY_BINARY"]).unlink()
    assert "hauberk-proxy" in (needs.missing(machine, uid=0) or "")
