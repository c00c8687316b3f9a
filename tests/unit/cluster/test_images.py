"""Which images are made, and when a node needs them again."""

import os
from pathlib import Path

import pytest

from cluster import containerd, images
from cluster.contents import Contents
from cluster.failure import ClusterFailed
from cluster.places import Places
from cluster.recipes import RECIPES, Recipe, echo_advanced, pause

RECIPE = Recipe(("hauberk.test/it:1",), lambda places: Contents(files={"/it": places.bin / "it"}), ("it",))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path)
    made.bin.mkdir()
    (made.bin / "it").write_text("one")
    return made


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What nodes have been given."""
    seen: list[tuple[int, str]] = []
    monkeypatch.setattr(containerd, "load", lambda _, number, path: seen.append((number, path.name)))
    return seen


def make(places: Places) -> list[str]:
    said: list[str] = []
    images.make(places, said.append, {"it": RECIPE, "other": Recipe(("o:1",), pause, ("pause",))})
    return said


def test_an_image_is_made_if_its_programs_are(places: Places) -> None:
    assert make(places) == ["image it: made"]
    assert make(places) == ["image it: as it was"]
    assert [path.name for path in places.images.iterdir()] == ["it.tar"]


def test_a_node_is_given_an_image_once_for_each_content(places: Places, loaded: list[tuple[int, str]]) -> None:
    make(places)
    for _ in range(2):
        for number in (1, 2):
            images.load(places, number)
    assert loaded == [(1, "it.tar"), (2, "it.tar")]
    make(places)
    assert images.load(places, 1) == []
    (places.bin / "it").write_text("two")
    make(places)
    assert images.load(places, 1) == ["it"]
    assert loaded[2:] == [(1, "it.tar")]


def test_an_image_that_could_not_be_given_is_given_again(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    make(places)

    def refuse(_places: Places, _number: int, _path: Path) -> None:
        raise ClusterFailed("no")

    monkeypatch.setattr(containerd, "load", refuse)
    for _ in range(2):
        with pytest.raises(ClusterFailed, match="no"):
            images.load(places, 1)


def test_an_image_that_is_needed_and_missing_is_named(places: Places) -> None:
    with pytest.raises(ClusterFailed, match="image pause has not been made"):
        images.load(places, 1, only=images.PAUSE)


def test_the_echo_servers_certificate_stays_the_same(places: Places) -> None:
    """It is in an image, which is the same only if it is."""
    certificate = echo_advanced(places).files["/cert.crt"]
    before = certificate.read_bytes()
    os.utime(certificate, (1, 1))
    assert echo_advanced(places).files["/cert.crt"].read_bytes() == before
    assert before.startswith(b"-----BEGIN CERTIFICATE-----")


def test_the_image_of_every_pod_is_the_one_that_containerd_is_told() -> None:
    assert containerd.PAUSE in RECIPES["pause"].names
