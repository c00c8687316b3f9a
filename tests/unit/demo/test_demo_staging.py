"""The demo follows what was chosen for the installation."""

from typing import Any

import pytest

from hauberk.demo.cast import PYTHON
from hauberk.demo.failure import PlayError
from hauberk.demo.staging import by_default, installed


def config(**data: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/version": "9.8.7"}
    metadata = {"name": "linkerd-config", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_the_image_is_the_one_that_is_installed() -> None:
    overrides = "controllerImage: {name: registry.example/controller, pullPolicy: Always}\n"
    staging = installed(config(overrides=overrides), "shop", "mesh")
    assert (staging.images[PYTHON], staging.pull_policy) == ("registry.example/controller:9.8.7", "Always")


def test_identities_have_the_meshs_namespace_and_trust_domain() -> None:
    overrides = "clusterDomain: c.local\n"
    assert (
        installed(config(overrides=overrides), "shop", "mesh").home.identity("web")
        == "web.shop.serviceaccount.identity.mesh.c.local"
    )
    other = installed(config(overrides=f"{overrides}identityTrustDomain: t.example\n"), "shop", "mesh")
    assert other.home.identity("web").endswith(".identity.mesh.t.example")


def test_nothing_chosen_is_what_is_printed_without_a_cluster() -> None:
    chosen = installed(config(overrides="{}\n"), "shop", "mesh")
    assert chosen.home == by_default("shop", "mesh").home
    ours, printed = (each.images[PYTHON].rpartition(":")[0] for each in (chosen, by_default("shop", "mesh")))
    assert ours == printed


def test_who_has_no_mesh_is_told_what_to_do() -> None:
    with pytest.raises(PlayError, match="not installed in the namespace mesh") as told:
        installed(None, "shop", "mesh")
    assert "hauberk install" in (told.value.hint or "")


@pytest.mark.parametrize("data", [{}, {"overrides": "clusterDomain: [1]\n"}, {"overrides": "}"}])
def test_values_that_make_no_sense_are_told(data: dict[str, str]) -> None:
    with pytest.raises(PlayError, match="values of the installation in mesh"):
        installed(config(**data), "shop", "mesh")
