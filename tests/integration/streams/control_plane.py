"""The services of the proxy API on a real Unix socket, over a world that the test changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
from world import World

from hauberk.catalog.caller import Callers
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.confirm import Heartbeat
from hauberk.destination.server import Confirmation, Destination
from hauberk.policy.server import Policy
from hauberk.runtime.latest import Latest

WEB = "web.default.serviceaccount.identity.hauberk.cluster.local"
WORKLOAD = '{"ns":"default","pod":"web-1"}'
WITHIN_S = 5.0


class ControlPlane:
    """`publish` after each change of the world, as the feed does."""

    def __init__(self, world: World, *, trusted: bool = True, streams_max: int = 100, interval_s: float = 5.0) -> None:
        self.world = world
        self.latest = Latest[Snapshot](world.snapshot)
        self.callers = Callers(world.mesh, streams_per_workload_max=streams_max, dangerous_trust_socket=trusted)
        self.destination = Destination(world.mesh, self.latest, self.callers)
        self.policy = Policy(world.mesh, self.latest, self.callers)
        heartbeat = Heartbeat((lambda: self.destination.applied, lambda: self.policy.applied), interval_s)
        self.confirmation = Confirmation(self.latest, self.callers, heartbeat)

    def publish(self) -> None:
        self.latest.set(self.world.snapshot)

    @asynccontextmanager
    async def serving(self, socket: Path) -> AsyncIterator[grpc.aio.Channel]:
        server = grpc.aio.server()
        for service in (self.destination, self.policy, self.confirmation):
            service.add_to(server)
        server.add_insecure_port(f"unix:{socket}")
        await server.start()
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(room.run()) for room in (self.destination, self.policy)]
            try:
                async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
                    yield channel
            finally:
                await server.stop(grace=None)
                for task in running:
                    task.cancel()
