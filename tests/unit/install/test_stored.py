"""What of an installation's values was kept in the cluster."""

import pytest
import yaml
from installing_sets import SETS, Document, one, rendered, values_of

from hauberk.install.layering import Asked, layered
from hauberk.install.stored import StoredInvalid, stored


def config(**data: str) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "linkerd-config"}, "data": data}


@pytest.mark.parametrize("name", SETS)
def test_an_upgrade_goes_on_from_what_was_chosen(name: str) -> None:
    found, unknown = stored(one(rendered(name), "ConfigMap", "linkerd-config"))
    high_availability = bool(found.get("highAvailability"))
    assert unknown == []
    assert layered(Asked(high_availability=high_availability, documents=[found])) == values_of(name)


@pytest.mark.parametrize("name", SETS)
def test_all_values_are_as_good(name: str) -> None:
    """Of an installation whose choices were not kept."""
    data = one(rendered(name), "ConfigMap", "linkerd-config")["data"]
    found, unknown = stored(config(values=data["values"]))
    layers = Asked(high_availability=bool(found.get("highAvailability")), documents=[found])
    assert unknown == []
    # A key that was taken out of a mapping cannot be seen there.
    if name != "placed":
        assert layered(layers) == values_of(name)


def test_choices_come_before_values() -> None:
    found, _ = stored(config(overrides="controllerReplicas: 2\n", values="controllerReplicas: 5\n"))
    assert found == {"controllerReplicas": 2}
    assert stored(config(overrides="{}\n", values="controllerReplicas: 5\n")) == ({}, [])


def test_what_this_version_does_not_know_is_left_out_and_told() -> None:
    chosen = {"old": 1, "proxy": {"image": {"version": "7", "tag": "x"}}, "nodeSelector": {"a": "b"}}
    found, unknown = stored(config(overrides=yaml.safe_dump(chosen)))
    assert unknown == ["old", "proxy.image.tag"] or sorted(unknown) == ["old", "proxy.image.tag"]
    assert found == {"proxy": {"image": {"version": "7"}}, "nodeSelector": {"a": "b"}}


@pytest.mark.parametrize("broken", [config(), config(values=": ["), config(overrides="- a"), {"metadata": {}}])
def test_a_config_without_values_is_an_error(broken: Document) -> None:
    with pytest.raises(StoredInvalid):
        stored(broken)
