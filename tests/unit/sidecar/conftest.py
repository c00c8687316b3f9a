from ipaddress import IPv4Address, IPv4Network

import pytest

from hauberk.enrollment.mesh import Mesh


@pytest.fixture
def mesh() -> Mesh:
    return Mesh(
        pod_network=IPv4Network("10.77.0.0/16"),
        service_network=IPv4Network("10.78.0.0/16"),
        gateway=IPv4Address("10.77.0.1"),
    )
