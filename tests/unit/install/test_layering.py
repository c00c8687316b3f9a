"""Which values hold."""

from typing import Any

import pytest

from hauberk.config.chart import HA, Values
from hauberk.install.layering import Asked, layered
from hauberk.install.setting import assignments
from hauberk.install.shape import ValuesInvalid, names


def of(*texts: str, documents: tuple[dict[str, Any], ...] = (), ha: bool = False, plain: bool = True) -> Values:
    found = [each for text in texts for each in assignments(text, is_plain=plain)]
    return layered(Asked(high_availability=ha, documents=documents, assignments=found))


def test_the_later_is_the_stronger() -> None:
    assert of() == Values()
    assert of(ha=True) == HA
    files = ({"controllerReplicas": 5, "proxy": {"logLevel": "debug"}}, {"proxy": {"uid": 3000}})
    found = of("controllerReplicas=7", documents=files, ha=True)
    assert (found.controller_replicas, found.proxy.log_level, found.proxy.uid) == (7, "debug", 3000)
    assert found.proxy.resources == HA.proxy.resources


def test_a_value_has_the_type_of_its_place() -> None:
    found = of("proxy.image.version=1.10,nodeSelector.disk=true,disableIPv6=true,proxy.uid=3000,cni.enabled=false")
    assert found.proxy.image.version == "1.10"
    assert found.node_selector == {"kubernetes.io/os": "linux", "disk": "true"}
    assert (found.disable_ipv6, found.proxy.uid, found.cni.enabled) == (True, 3000, False)


def test_where_anything_goes_it_is_what_it_looks_like() -> None:
    found = of("tolerations[0].key=a,tolerations[0].tolerationSeconds=5,tolerations[1].value=on,tolerations[2].key=07")
    assert found.tolerations == ({"key": "a", "tolerationSeconds": 5}, {"value": "on"}, {"key": "07"})
    assert of("tolerations[0].tolerationSeconds=5", plain=False).tolerations == ({"tolerationSeconds": "5"},)


def test_null_gives_back_to_the_defaults() -> None:
    assert of("controllerReplicas=null", documents=({"controllerReplicas": 5},)) == Values()
    assert of(r"nodeSelector.kubernetes\.io/os=null").node_selector == {}


def test_lists_grow_by_one_at_a_time() -> None:
    assert of("imagePullSecrets={a,b}", "imagePullSecrets[1]=c,imagePullSecrets[2]=d").image_pull_secrets == (
        "a",
        "c",
        "d",
    )
    with pytest.raises(ValuesInvalid, match=r"the next is \[0\]"):
        of("imagePullSecrets[1]=c")


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        ("proxy.ports.amin=1", "there is no value proxy.ports.amin", "the nearest is proxy.ports.admin"),
        ("controllerUid=1", "there is no value controllerUid", "the nearest is controllerUID"),
        ("proxyUID=1", "there is no value proxyUID", "the nearest is proxy.uid"),
        ("xyz=1", "there is no value xyz", ""),
        ("proxy=1", "proxy is a group of values, not '1'", ""),
        ("proxy.uid.x=1", "proxy.uid is a single value: there is nothing like 'x' in it", ""),
        ("proxy.uid[0]=1", "proxy.uid is a single value: there is nothing like 0 in it", ""),
        ("proxy.uid={1}", "proxy.uid is a single value, not a list", ""),
        ("imagePullSecrets=a", "imagePullSecrets is a list, not 'a'", "a list is written {a,b}"),
        ("controllerReplicas=many", "controllerReplicas is a whole number, not 'many'", ""),
        ("disableIPv6=yes", "disableIPv6 is true or false, not 'yes'", ""),
        ("controllerReplicas=0", "controllerReplicas: expected `int` >= 1", ""),
        ("proxy.ports.admin=70000", "proxy.ports.admin: expected `int` <= 65535", ""),
        ("controllerUID=0", "controllerUID: expected `int` >= 1", ""),
        ("controllerLogLevel=loud", "controllerLogLevel: invalid enum value 'loud'", ""),
        ("proxy.resources.cpu.limit=much", "proxy.resources.cpu.limit: expected `str` matching regex", ""),
        ("clusterDomain=-x", "clusterDomain: expected `str` matching regex", ""),
        ("clusterNetworks={10.0.0.1/8}", "clusterNetworks is '10.0.0.1/8', and must be networks", ""),
        ("proxy.opaquePorts=mysql", "proxy.opaquePorts is 'mysql', and must be ports", ""),
        ("identity.issuer.issuanceLifetime=soon", "identity.issuer.issuanceLifetime is 'soon', and must be", ""),
        ("proxy.image.name=null", "proxy.image: object missing required field `name`", ""),
    ],
)
def test_what_makes_no_sense_is_told_by_its_name(text: str, why: str, hint: str) -> None:
    with pytest.raises(ValuesInvalid) as told:
        of(text)
    assert str(told.value).startswith(why)
    assert told.value.hint == hint or (hint == "" and "quotation" in told.value.hint)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"proxi": {}}, "there is no value proxi"),
        ({"proxy": {"image": {"tag": "1"}}}, "there is no value proxy.image.tag"),
        ({"proxy": {"uid": {"x": 1}}}, "proxy.uid is a single value, not a mapping"),
        ({"proxy": {"image": {"version": 1.1}}}, "proxy.image.version: expected `str`, got `float`"),
        ({"proxy": "x"}, "proxy: expected `object`, got `str`"),
        ({"imagePullSecrets": [1]}, "imagePullSecrets[0]: expected `str`, got `int`"),
        ({"nodeSelector": {"disk": True}}, "nodeSelector: expected `str`, got `bool`"),
        ({1: 2}, "there is no value 1"),
    ],
)
def test_files_are_held_to_the_same_names_and_types(document: dict[str, Any], why: str) -> None:
    with pytest.raises(ValuesInvalid) as told:
        of(documents=(document,))
    assert str(told.value).startswith(why)


def test_all_names_are_known() -> None:
    found = set(names())
    assert {"proxy", "proxy.image.name", "identity.externalCA", "proxy.await", "controllerUID"} <= found
    assert len(found) > 80
