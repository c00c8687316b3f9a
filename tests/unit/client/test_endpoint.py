from pathlib import Path

from hauberk.client.endpoint import TcpEndpoint, socket_candidates


def test_the_root_socket_comes_before_the_users() -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/7", "SUDO_UID": "1000"}
    assert socket_candidates(environ) == [
        Path("/run/hauberk/api.sock"),
        Path("/run/user/7/hauberk/api.sock"),
        Path("/run/user/1000/hauberk/api.sock"),
    ]


def test_a_socket_that_is_named_is_the_only_one() -> None:
    environ = {"HAUBERK_SOCKET": "/a.sock", "XDG_RUNTIME_DIR": "/run/user/7"}
    assert socket_candidates(environ) == [Path("/a.sock")]
    assert socket_candidates(environ, explicit="/b.sock") == [Path("/b.sock")]


def test_an_odd_sudo_uid_is_no_path() -> None:
    assert socket_candidates({"SUDO_UID": "../../tmp"}) == [Path("/run/hauberk/api.sock")]


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(TcpEndpoint("https://10.0.0.1:6443", token=lambda: "secret"))
