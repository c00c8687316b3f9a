"""`hauberk demo`, as far as it needs no cluster."""

import pytest
import yaml
from shell import Hauberk


def test_without_a_place_it_says_where_it_can_be_played(hauberk: Hauberk) -> None:
    result = hauberk("demo")
    assert (result.code, result.out) == (1, "")
    assert "hauberk demo --kubernetes" in result.err
    assert "make demo" in result.err


def test_manifests_are_printed_without_a_cluster(hauberk: Hauberk) -> None:
    result = hauberk("demo", "--kubernetes", "--print", "-n", "shop")
    first, *others = yaml.safe_load_all(result.out)
    assert (result.code, first["metadata"]["name"]) == (0, "shop")
    assert "HTTPRoute" in {document["kind"] for document in others}


def test_images_are_replaced_by_what_they_hold(hauberk: Hauberk) -> None:
    printed = hauberk("demo", "--kubernetes", "--print", "--image", "nginx=registry.example/nginx:1@sha256:00").out
    assert "image: registry.example/nginx:1@sha256:00\n" in printed


@pytest.mark.parametrize("word", ["apache=registry.example/apache:1", "nginx=", "nginx"])
def test_an_image_for_nothing_is_wrong_usage(hauberk: Hauberk, word: str) -> None:
    result = hauberk("demo", "--kubernetes", "--print", "--image", word)
    assert result.code == 2
    assert "python, nginx, redis" in result.err


def test_a_name_that_no_namespace_can_have_is_wrong_usage(hauberk: Hauberk) -> None:
    assert hauberk("demo", "--kubernetes", "-n", "Shop").code == 2
