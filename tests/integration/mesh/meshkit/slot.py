"""Which addresses, names and ports a mesh has, so that many can live on one machine at a time."""

import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

SLOTS_MAX = 100


@dataclass(frozen=True)
class Slot:
    """One share of 10.100.0.0 to 10.199.255.255, nobody else's as long as it is not closed."""

    number: int
    claim: socket.socket = field(repr=False)

    @property
    def pod_network(self) -> IPv4Network:
        return IPv4Network(f"10.{100 + self.number}.0.0/24")

    @property
    def service_network(self) -> IPv4Network:
        return IPv4Network(f"10.{100 + self.number}.1.0/24")

    @property
    def gateway(self) -> IPv4Address:
        return self.pod_network[1]

    @property
    def bridge(self) -> str:
        return f"hbtest{self.number}"

    @property
    def admin(self) -> tuple[str, int]:
        """Where the front proxy shows its metrics."""
        return "127.0.0.1", 14200 + self.number

    @property
    def proxy_api(self) -> tuple[str, int]:
        return str(self.gateway), 8086

    def settings(self) -> dict[str, str]:
        return {
            "HAUBERK_POD_NETWORK": str(self.pod_network),
            "HAUBERK_SERVICE_NETWORK": str(self.service_network),
            "HAUBERK_BRIDGE": self.bridge,
            "HAUBERK_GATEWAY": str(self.gateway),
            "HAUBERK_PROXY_API_LISTEN": "{}:{}".format(*self.proxy_api),
            "HAUBERK_PROXY_ADMIN_LISTEN": "{}:{}".format(*self.admin),
        }

    def close(self) -> None:
        self.claim.close()


def claim(first: int) -> Slot:
    """The next free slot from `first` on.

    The claim is an abstract Unix socket (unix(7)): it belongs to the network namespace, as addresses do, other test
    runs see it, and it ends with its process.
    """
    for turn in range(SLOTS_MAX):
        number = (first + turn) % SLOTS_MAX
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0hauberk-test-mesh-{number}")
        except OSError:
            mark.close()
            continue
        return Slot(number, mark)
    raise AssertionError(f"all {SLOTS_MAX} shares of addresses are taken")
