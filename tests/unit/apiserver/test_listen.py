import os
import socket
import stat
from pathlib import Path

import pytest

from hauberk.apiserver.listen import SocketUnusable, listen


def test_only_the_owner_can_use_the_socket(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with listen(tmp_path / "run" / "api.sock"):
            assert stat.S_IMODE((tmp_path / "run" / "api.sock").stat().st_mode) == 0o600
            assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o711
            assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_a_socket_of_a_dead_server_is_replaced(tmp_path: Path) -> None:
    listen(tmp_path / "api.sock").close()
    with listen(tmp_path / "api.sock"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "api.sock"))


def test_a_socket_of_a_living_server_is_left_alone(tmp_path: Path) -> None:
    with listen(tmp_path / "api.sock"), pytest.raises(SocketUnusable, match="already answers"):
        listen(tmp_path / "api.sock")


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "api.sock").write_text("precious")
    with pytest.raises(SocketUnusable, match="not a socket"):
        listen(tmp_path / "api.sock")
    assert (tmp_path / "api.sock").read_text() == "precious"


def test_a_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(SocketUnusable, match="written by others"):
        listen(tmp_path / "open" / "api.sock")


def test_a_path_that_is_too_long_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SocketUnusable, match="HAUBERK_SOCKET"):
        listen(tmp_path / ("x" * 120))
