import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from resource_server import control_plane
from shell import Hauberk, Result

from hauberk.cli.main import main


@pytest.fixture
def hauberk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hauberk:
    """Runs a command; without the fixture `api` there is no control plane."""
    monkeypatch.setenv("HAUBERK_SOCKET", str(tmp_path / "run" / "api.sock"))
    monkeypatch.setenv("HAUBERK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("HAUBERK_RUNTIME_DIR", raising=False)

    def run(*words: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main(words)
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Path]:
    """The resource API; its socket is the one that the commands look at."""
    socket = tmp_path / "run" / "api.sock"
    with control_plane(socket):
        yield socket
