from pathlib import Path

import pytest
from kubeconfigs import written

from hauberk.client.errors import Misconfigured
from hauberk.client.kubeconfig_files import merged, places


def test_a_named_file_is_the_only_one() -> None:
    environ = {"KUBECONFIG": "/a:/b", "HOME": "/home/x"}
    assert places(environ, explicit="/c") == [Path("/c")]
    assert places(environ) == [Path("/a"), Path("/b")]
    assert places({"HOME": "/home/x"}) == [Path("/home/x/.kube/config")]
    assert places({}) == []


def test_empty_and_repeated_names_of_files_count_once() -> None:
    assert places({"KUBECONFIG": ":/a::/b:/a"}) == [Path("/a"), Path("/b")]


def test_the_first_file_that_says_something_counts(tmp_path: Path) -> None:
    first = written(tmp_path / "first", users={"red": {"token": "1"}}, current_context="one")
    second = written(
        tmp_path / "second",
        users={"red": {"token": "2", "tokenFile": "x"}, "blue": {"token": "3"}},
        contexts={"one": {"cluster": "c", "user": "red"}},
        current_context="two",
    )
    found = merged([first, tmp_path / "missing", second])
    assert found.files == (first, second)
    assert found.current_context == "one"
    assert (found.users["red"].entry.token, found.users["red"].entry.token_file) == ("1", "")
    assert found.users["blue"].entry.token == "3"  # noqa: S105 - no secret
    assert found.contexts["one"].directory == tmp_path


def test_nulls_and_what_other_tools_keep_there_are_read_past(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("clusters: null\nusers:\n- name: u\n  user: {token: null, other: [1]}\npreferences: {}\n")
    assert merged([path]).users["u"].entry.token == ""


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    assert merged([tmp_path / "config"]).files == (tmp_path / "config",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("users: {a: b}", "is not a kubeconfig"),
        ("users: [", "is not YAML"),
        ("users:\n- name: 1", "is not a kubeconfig"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "config").write_text(content)
    with pytest.raises(Misconfigured, match=rf"{tmp_path}/config.*{message}"):
        merged([tmp_path / "config"])


def test_a_file_that_was_asked_for_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=f"there is no file {tmp_path}/config: name another with --kubeconfig"):
        merged([tmp_path / "config"], needed=True)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    found = merged([written(tmp_path / "c", users={"u": {"token": "hush", "client-key-data": "hush"}})])
    assert "hush" not in repr(found)
