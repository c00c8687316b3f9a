"""What is built, and when it is built again."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cluster import binaries, build
from cluster.binaries import PARTS, Binary
from cluster.failure import ClusterFailed
from cluster.places import Places

COPY = "import sys; open(sys.argv[2], 'w').write(open('source').read() + ' '.join(sys.argv[3:]))"


@pytest.fixture
def binary(tmp_path: Path) -> Binary:
    """Built by a compiler that copies."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "source").write_text("source ")
    return Binary("it", folder, (sys.executable, "-c", COPY), ("flag",), (sys.executable, "--version"))


def built(places: Places, binary: Binary, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(build, "PARTS", {"part": (binary,)})
    build.build(places, ["part"], said.append)
    return said


def test_it_is_built_once(tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(tmp_path)
    assert built(places, binary, monkeypatch) == ["it: building", "it: built in 0 s"]
    assert (places.bin / "it").read_text() == "source flag"
    assert built(places, binary, monkeypatch) == ["it: up to date"]
    assert sorted(path.name for path in places.bin.iterdir()) == ["it", "it.stamp"]


def test_another_source_or_flag_builds_it_anew(tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(tmp_path)
    built(places, binary, monkeypatch)
    (binary.folder / "source").write_text("other ")
    built(places, binary, monkeypatch)
    assert (places.bin / "it").read_text() == "other flag"
    built(places, replace(binary, rest=("flags",)), monkeypatch)
    assert (places.bin / "it").read_text() == "other flags"
    (places.bin / "it").unlink()
    assert built(places, replace(binary, rest=("flags",)), monkeypatch)[-1].startswith("it: built")


def test_what_cannot_be_built_leaves_the_old_one_and_is_tried_again(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(tmp_path)
    built(places, binary, monkeypatch)
    (binary.folder / "source").rename(binary.folder / "gone")
    for _ in range(2):
        with pytest.raises(ClusterFailed, match="No such file"):
            built(places, binary, monkeypatch)
    assert (places.bin / "it").read_text() == "source flag"


def test_a_compiler_that_is_not_there_is_named(tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClusterFailed, match=r"it is built with no-compiler: .*Try: install no-compiler"):
        built(Places(tmp_path), replace(binary, version=("no-compiler",)), monkeypatch)


def test_all_that_counts_is_in_the_fingerprint(binary: Binary) -> None:
    sources = {"a": b"1", "b": b"2"}
    prints = [
        build.fingerprint(binary, "go1", sources),
        build.fingerprint(binary, "go2", sources),
        build.fingerprint(binary, "go1", {"a": b"2", "b": b"1"}),
        build.fingerprint(binary, "go1", {"a1": b"", "b": b"2"}),
        build.fingerprint(replace(binary, rest=("fla", "g")), "go1", sources),
        build.fingerprint(replace(binary, tool=(*binary.tool, "flag"), rest=()), "go1", sources),
    ]
    assert len(set(prints)) == len(prints)
    assert build.fingerprint(binary, "go1", dict(reversed(sources.items()))) == prints[0]


def test_every_programs_sources_are_there_and_its_name_is_its_own() -> None:
    every = [binary for part in PARTS.values() for binary in part]
    assert len({binary.name for binary in every}) == len(every)
    for binary in every:
        kinds = {"go.mod", "go.sum"} if binary.tool[0] == "go" else {"pause.c"}
        assert kinds <= {path.name for path in binary.folder.iterdir()}, binary.name


def test_kubernetes_says_the_version_that_it_is_built_from() -> None:
    module = (PARTS["kubernetes"][1].folder / "go.mod").read_text()
    found = re.search(r"^\tk8s\.io/kubernetes (\S+)", module, re.MULTILINE)
    assert found is not None
    assert found[1] == binaries.KUBERNETES
    command = PARTS["kubernetes"][1].command(Path("/out"))
    assert command[:5] == ["go", "build", "-buildvcs=false", "-o", "/out"]
    assert f"version.gitVersion={binaries.KUBERNETES} " in command[5]
