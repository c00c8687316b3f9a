import pytest
from injector_pods import installation_of

from hauberk.config.chart import HA, Image, Ports, Proxy, ProxyInit, Values
from hauberk.injector.installation import ValuesInvalid
from hauberk.sidecar import keys
from hauberk.sidecar.table import TABLE
from hauberk.sidecar.tuning import tuning_of_pod


@pytest.mark.parametrize("values", [Values(), HA], ids=["default", "ha"])
def test_values_are_defaults_of_annotations(values: Values) -> None:
    defaults = installation_of(values).defaults
    assert defaults.keys() <= TABLE.keys()
    assert defaults[keys.OPAQUE_PORTS] == values.proxy.opaque_ports
    tuning, _ = tuning_of_pod({keys.UID: "7"}, defaults)
    assert (tuning.number(keys.UID), tuning.number(keys.GID)) == (7, values.proxy.gid)
    assert tuning.of(keys.CPU_REQUEST) == values.proxy.resources.cpu.request


def test_nothing_opaque_is_a_choice() -> None:
    assert installation_of(Values(proxy=Proxy(opaque_ports=""))).defaults[keys.OPAQUE_PORTS] == ""


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (Values(proxy=Proxy(opaque_ports="mysql;redis")), "proxy.opaquePorts"),
        (Values(proxy=Proxy(ports=Ports(admin=0))), "proxy.ports.admin"),
        (Values(proxy=Proxy(image=Image(name="a b"))), "proxy.image.name"),
        (Values(proxy=Proxy(uid=0)), "proxy.uid"),
        (Values(proxy=Proxy(shutdown_grace_period="long")), "proxy.shutdownGracePeriod"),
        (Values(proxy_init=ProxyInit(skip_subnets="10.0.0.0/99")), "proxyInit.skipSubnets"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(values: Values, name: str) -> None:
    with pytest.raises(ValuesInvalid, match=f"^{name}: "):
        installation_of(values)
