"""Images: the same contents make the same bytes, and the bytes are what containerd reads."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from cluster.archive import archive
from cluster.contents import Contents, libraries, named_libraries
from cluster.failure import ClusterFailed

NAMES = ("hauberk.test/it:1", "hauberk.test/it:2")


def contents(folder: Path) -> Contents:
    folder.mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "text").write_text("one\n")
    (folder / "data" / "link").symlink_to("text")
    (folder / "program").write_text("#!/bin/sh\n")
    (folder / "program").chmod(0o755)
    return Contents(
        files={"/srv/data": folder / "data", "/bin/program": folder / "program"},
        links={"/bin/other": "program"},
        env={"A": "1"},
        entrypoint=["/bin/program"],
        user="65535",
    )


def layer(image: tarfile.TarFile) -> tarfile.TarFile:
    file = image.extractfile("layer.tar")
    assert file is not None
    return tarfile.open(fileobj=io.BytesIO(file.read()))


def text(image: tarfile.TarFile, name: str) -> str:
    file = image.extractfile(name)
    assert file is not None
    return file.read().decode()


def test_the_same_contents_make_the_same_bytes(tmp_path: Path) -> None:
    archive(tmp_path / "a.tar", NAMES, contents(tmp_path / "a"))
    os.utime(tmp_path / "a" / "program", (1, 1))
    archive(tmp_path / "b.tar", NAMES, contents(tmp_path / "b"))
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b" / "data" / "text").write_text("two\n")
    archive(tmp_path / "c.tar", NAMES, Contents(files={"/srv/data": tmp_path / "b" / "data"}))
    assert (tmp_path / "a.tar").read_bytes() != (tmp_path / "c.tar").read_bytes()


def test_an_archive_that_stays_the_same_is_not_touched(tmp_path: Path) -> None:
    made = contents(tmp_path / "it")
    assert archive(tmp_path / "it.tar", NAMES, made)
    os.utime(tmp_path / "it.tar", (1, 1))
    assert not archive(tmp_path / "it.tar", NAMES, made)
    assert (tmp_path / "it.tar").stat().st_mtime == 1
    (tmp_path / "it" / "data" / "text").write_text("two\n")
    assert archive(tmp_path / "it.tar", NAMES, made)
    assert (tmp_path / "it.tar").stat().st_mtime > 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["it", "it.tar"]


def test_what_is_in_the_archive_belongs_together(tmp_path: Path) -> None:
    archive(tmp_path / "it.tar", NAMES, contents(tmp_path / "it"))
    with tarfile.open(tmp_path / "it.tar") as image:
        (manifest,) = json.loads(text(image, "manifest.json"))
        assert (manifest["RepoTags"], manifest["Layers"]) == (list(NAMES), ["layer.tar"])
        config = text(image, manifest["Config"])
        assert manifest["Config"] == f"{hashlib.sha256(config.encode()).hexdigest()}.json"
        bytes_of_layer = image.extractfile("layer.tar")
        assert bytes_of_layer is not None
        known = json.loads(config)
        assert known["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(bytes_of_layer.read()).hexdigest()}"]
    assert known["config"]["Entrypoint"] == ["/bin/program"]
    assert known["config"]["User"] == "65535"
    assert "A=1" in known["config"]["Env"]


def test_files_keep_their_rights_and_lose_their_owners_and_times(tmp_path: Path) -> None:
    archive(tmp_path / "it.tar", NAMES, contents(tmp_path / "it"))
    with tarfile.open(tmp_path / "it.tar") as image, layer(image) as inside:
        entries = {entry.name: entry for entry in inside}
        names = list(entries)
        assert names == sorted(names)
        assert {(entry.uid, entry.gid, entry.mtime, entry.uname) for entry in entries.values()} == {(0, 0, 0, "")}
        assert (entries["bin/program"].mode, entries["srv/data/text"].mode) == (0o755, 0o644)
        assert (entries["tmp"].mode, entries["bin"].isdir(), entries["proc"].isdir()) == (0o1777, True, True)
        assert (entries["bin/other"].linkname, entries["srv/data/link"].linkname) == ("program", "text")
        assert text(inside, "srv/data/text") == "one\n"


def test_a_program_brings_what_the_loader_gives_it() -> None:
    shell = Path(shutil.which("sh") or "/bin/sh").resolve()
    needed = libraries(shell)
    found = Contents(programs={"/bin/sh": shell}).entries()
    assert any("libc.so" in path for path in needed)
    assert {"/bin/sh", *needed} <= set(found)


def test_a_static_program_brings_nothing_and_a_broken_one_is_refused() -> None:
    assert named_libraries("\tstatically linked\n") == []
    with pytest.raises(ClusterFailed, match=r"libnone\.so\.1 is not on this machine"):
        named_libraries("\tlibnone.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x01)\n")


def test_what_is_missing_or_impossible_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterFailed, match="none is missing"):
        archive(tmp_path / "it.tar", NAMES, Contents(files={"/none": tmp_path / "none"}))
    assert not (tmp_path / "it.tar").exists()
    with pytest.raises(ClusterFailed, match="/bin is to be a folder and something else"):
        Contents(files={"/bin/sh": tmp_path}, links={"/bin": "usr/bin"}).entries()
