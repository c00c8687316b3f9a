from pathlib import Path

import pytest

from hauberk.client.errors import Misconfigured
from hauberk.client.token_file import TokenFile


def test_a_token_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    assert TokenFile(tmp_path / "token")() == "abc"


def test_a_token_that_is_replaced_as_kubelet_does_is_the_next_one(tmp_path: Path) -> None:
    """Two directories and a link that is renamed."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(name)
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "token").symlink_to("..data/token")
    token = TokenFile(tmp_path / "token")
    assert token() == "first"
    (tmp_path / "..new").symlink_to("second")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert token() == "second"


def test_a_token_that_is_written_in_place_is_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short")
    token = TokenFile(tmp_path / "token")
    assert token() == "short"
    (tmp_path / "token").write_text("longer than that")
    assert token() == "longer than that"


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read"), (b"", "is empty"), (b"\xff\xfe", "does not hold a token")]
)
def test_what_is_no_token_is_said_with_the_file(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(Misconfigured, match=f"{tmp_path}/token {message}"):
        TokenFile(tmp_path / "token")()
