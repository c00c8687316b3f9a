"""`hauberk demo`, as far as it needs no cluster."""

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


def test_a_name_that_no_namespace_can_have_is_wrong_usage(hauberk: Hauberk) -> None:
    assert hauberk("demo", "--kubernetes", "-n", "Shop").code == 2
