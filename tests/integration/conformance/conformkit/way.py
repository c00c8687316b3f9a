"""How a connection gets to the program."""

import socket
from dataclasses import dataclass

from meshkit.mesh import Mesh
from meshkit.workload import Workload

from conformkit.wire import Wire

WAYS = ("plain", "mesh")
WITHIN_S = 5.0
"""For one step on a connection; nothing waits for a limit of the proxies' own."""


@dataclass(frozen=True)
class Way:
    name: str
    """`plain`: from outside of the mesh to the inbound proxy. `mesh`: from a workload, so through two proxies."""
    mesh: Mesh
    client: Workload
    workload: Workload

    def host(self) -> str:
        """The address that is connected to."""
        return self.workload.ip if self.name == "plain" else self.mesh.api.service_address("program")

    def connect(self, port: int, *, timeout_s: float = WITHIN_S) -> socket.socket:
        if self.name == "plain":
            return socket.create_connection((self.workload.ip, port), timeout_s)
        return self.client.connect((self.host(), port), timeout_s=timeout_s)

    def wire(self, port: int) -> Wire:
        return Wire(self.connect(port))

    def proxies(self) -> list[Workload]:
        """Whose proxies the connection passes."""
        return [self.workload] if self.name == "plain" else [self.client, self.workload]
