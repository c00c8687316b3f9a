"""What the containers of the control plane are told."""

from datetime import timedelta
from pathlib import Path

import pytest

from hauberk.config.controller import CONTROLLER, load_controller
from hauberk.config.settings import SettingInvalid


def test_no_setting_is_needed() -> None:
    settings = load_controller({})
    assert settings.mesh.namespace == "hauberk"
    assert settings.lives.leaf == timedelta(hours=24)
    assert settings.proxy_socket == Path("/run/hauberk/proxy.sock")
    assert settings.issuer_scheme == "generated"


def test_each_setting_is_told_by_its_variable() -> None:
    told = {
        "HAUBERK_MESH_NAMESPACE": "mesh",
        "HAUBERK_CLUSTER_NETWORKS": "192.168.0.0/16",
        "HAUBERK_ISSUER_SCHEME": "kubernetes.io/tls",
        "HAUBERK_EXTERNAL_CA": "true",
        "HAUBERK_ADMIN_PORT": "9996",
        "HAUBERK_FELLOW_MESHES": "linkerd, other",
    }
    settings = load_controller(told)
    assert settings.mesh.namespace == "mesh"
    assert settings.mesh.fellows == ("linkerd", "other")
    assert [str(network) for network in settings.cluster_networks] == ["192.168.0.0/16"]
    assert (settings.issuer_scheme, settings.external_ca, settings.admin_port) == ("kubernetes.io/tls", True, 9996)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAUBERK_ISSUER_SCHEME", "linkerd"),
        ("HAUBERK_EXTERNAL_CA", "yes"),
        ("HAUBERK_ADMIN_PORT", "0"),
        ("HAUBERK_FELLOW_MESHES", "linkerd,"),
        ("HAUBERK_WEBHOOK_PORT", "70000"),
        ("HAUBERK_STATE_DIR", "state"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        load_controller({name: value})


def test_names_are_unique() -> None:
    names = [setting.name for setting in CONTROLLER]
    assert len(names) == len(set(names))
