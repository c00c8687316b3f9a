from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.enrollment.addresses import AddressesExhausted, choose, is_host_of

SMALL = IPv4Network("10.78.0.0/28")


def test_a_name_gets_the_same_address_again() -> None:
    network = IPv4Network("10.78.0.0/16")
    assert choose(network, name="default/web", taken=()) == choose(network, name="default/web", taken=())
    assert choose(network, name="default/web", taken=()) != choose(network, name="default/api", taken=())


def test_the_last_free_address_is_found_from_every_name() -> None:
    hosts = set(SMALL.hosts())
    for number in range(50):
        for free in hosts:
            assert choose(SMALL, name=f"n{number}", taken=hosts - {free}) == free


def test_a_full_network_says_so() -> None:
    with pytest.raises(AddressesExhausted, match=r"10\.78\.0\.0/28"):
        choose(SMALL, name="web", taken=set(SMALL.hosts()))
    with pytest.raises(AddressesExhausted):
        choose(IPv4Network("10.0.0.0/32"), name="web", taken=())


@given(st.text(), st.sets(st.sampled_from(list(SMALL.hosts())), max_size=13))
def test_a_chosen_address_is_free_and_usable(name: str, taken: set[IPv4Address]) -> None:
    address = choose(SMALL, name=name, taken=taken)
    assert address not in taken
    assert is_host_of(SMALL, address)


def test_network_and_broadcast_addresses_are_no_hosts() -> None:
    assert not is_host_of(SMALL, SMALL.network_address)
    assert not is_host_of(SMALL, SMALL.broadcast_address)
    assert not is_host_of(SMALL, IPv4Address("10.79.0.1"))
