"""The demo's processes: the control plane and everybody who plays. They come one by one and leave in order."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from demo.costume import Costume
from demo.process import Child
from demo.scene import command
from hauberk.demo.cast import Role
from hauberk.demo.failure import PlayError
from hauberk.runtime.tasks import spawn

HAUBERK = (sys.executable, "-m", "hauberk.cli")


class Company:
    def __init__(
        self, group: asyncio.TaskGroup, work: Path, costume: Costume, hauberk: Sequence[str] = HAUBERK
    ) -> None:
        """`work`: the folder for the programs' working directories. `hauberk`: the command line tool."""
        self._group = group
        self._work = work
        self._costume = costume
        self._hauberk = tuple(hauberk)
        self._control_plane: Child | None = None
        self._members: dict[str, Child] = {}
        self._waves: list[list[str]] = []
        self._may_leave: set[str] = set()
        self._fallen: asyncio.Future[Child] = asyncio.get_running_loop().create_future()

    async def start_control_plane(self) -> None:
        self._control_plane = await self._start("hauberk up", ["up"])

    async def do(self, *arguments: str) -> None:
        """Runs a `hauberk` command to its end. Raises PlayError with what it said."""
        child = await Child.start(f"hauberk {arguments[0]}", [*self._hauberk, *arguments], self._group)
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await child.stop()
            raise
        if code != 0:
            raise PlayError(child.obituary())

    async def enter(self, roles: Sequence[Role], hear: Callable[[Role], Callable[[str], None] | None]) -> None:
        """Starts a wave of programs in the mesh; `hear` says who takes the lines of each. Later waves leave first."""
        wave: list[str] = []
        self._waves.append(wave)
        for role in roles:
            folder = self._work / role.key
            folder.mkdir(parents=True)
            os.chown(folder, self._costume.uid, self._costume.gid)
            arguments = command(role, folder, user=self._costume.option)
            self._members[role.key] = await self._start(role.key, arguments, hear(role))
            wave.append(role.key)

    def member(self, key: str) -> Child:
        return self._members[key]

    def may_leave(self, key: str) -> None:
        """From now on the end of this program is no accident."""
        self._may_leave.add(key)

    async def accident(self) -> Child:
        """Returns the first process that ended and should not have."""
        return await asyncio.shield(self._fallen)

    async def end(self) -> None:
        """Ends the programs, those that came last first, and then the control plane."""
        self._may_leave |= {*self._members, "hauberk up"}
        while self._waves:
            await asyncio.gather(*(self._members[key].stop() for key in self._waves.pop()))
        if self._control_plane is not None:
            await self._control_plane.stop()

    async def _start(self, name: str, arguments: Sequence[str], hear: Callable[[str], None] | None = None) -> Child:
        child = await Child.start(name, [*self._hauberk, *arguments], self._group, hear)
        spawn(self._group, self._mind(child), name=f"minding {name}")
        return child

    async def _mind(self, child: Child) -> None:
        await child.wait()
        if child.name not in self._may_leave and not self._fallen.done():
            self._fallen.set_result(child)
