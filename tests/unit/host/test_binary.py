from pathlib import Path

import pytest

from hauberk.host.binary import NAME, candidates, find
from hauberk.host.failure import SetupFailed


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_comes_first_and_has_to_name_a_program(tmp_path: Path) -> None:
    binary = program(tmp_path / "proxy")
    assert find({"HAUBERK_PROXY_BINARY": str(binary)}) == binary
    with pytest.raises(SetupFailed, match="HAUBERK_PROXY_BINARY names"):
        find({"HAUBERK_PROXY_BINARY": str(tmp_path / "nope")})


def test_the_path_is_searched(tmp_path: Path) -> None:
    binary = program(tmp_path / "bin" / NAME)
    assert binary in candidates({"PATH": str(tmp_path / "bin")})
