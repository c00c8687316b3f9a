"""What happens on stage, scene by scene: who enters when, the kill, the addition."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo import process, scene
from demo.company import Company
from hauberk.client.api import Client
from hauberk.client.endpoint import SOCKET_NAME, UnixEndpoint
from hauberk.client.errors import ApiError
from hauberk.demo import cast
from hauberk.demo.cast import Role
from hauberk.demo.failure import PlayError
from hauberk.demo.journal import Journal
from hauberk.demo.roster import Roster
from hauberk.runtime.clock import Clock

CONTROL_PLANE_TIMEOUT_S = 30.0
READY_TIMEOUT_S = 90.0
TRAFFIC_TIMEOUT_S = 30.0
BEGIN_TIMEOUT_S = 2.0
KILL_AT_S, ADD_AT_S, END_AT_S = 6.0, 9.0, 20.0
"""Seconds of traffic. The end waits for the added replica and then so long:"""
AFTER_ADDED_S = 3.0
_POLL_S = 0.05

Say = Callable[[str], None]


@dataclass(slots=True)
class Events:
    """What the second act did, and when."""

    killed_at_s: float | None = None
    killed_exit_code: int | None = None
    died_with_it: Collection[str] = ()


class Script:
    def __init__(self, company: Company, roster: Roster, journal: Journal, clock: Clock, say: Say) -> None:
        self._company = company
        self._roster = roster
        self._journal = journal
        self._clock = clock
        self._say = say

    @contextlib.asynccontextmanager
    async def house(self, runtime: Path) -> AsyncGenerator[Client, None]:
        """The control plane, with the demo's resources in it."""
        began = self._clock.monotonic()
        await self._company.start_control_plane()
        async with Client(UnixEndpoint(runtime / SOCKET_NAME)) as client:
            await _until_answered(client)
            self._say(f"control plane ready after {self._clock.monotonic() - began:.1f} s")
            await self._company.do("apply", *(word for path in scene.MANIFESTS for word in ("-f", str(path))))
            self._say("accounts and policy applied: only `load` may call `web`")
            yield client

    async def enter_servers(self) -> None:
        await self._enter("servers", (*cast.BACKENDS, *cast.WEB))

    async def enter_clients(self) -> None:
        await self._enter("clients", cast.CLIENTS)

    async def _enter(self, what: str, roles: Sequence[Role]) -> None:
        await self._company.enter(roles, self._ear)
        await self._until_ready(cast.keys(roles))
        self._say(f"{what} are in the mesh: {', '.join(cast.keys(roles))}")

    async def second_act(self, events: Events) -> None:
        """About 20 s of traffic, in which one replica is killed and one is added."""
        began = self._clock.monotonic()
        await self._until_traffic()
        await self._pause_until(began + KILL_AT_S)
        await self._kill(events)
        await self._pause_until(began + ADD_AT_S)
        self._say(f"{cast.ADDED} is added")
        await self._company.enter([cast.NEW_WEB], self._ear)
        await self._until_ready([cast.ADDED])
        self._say(f"{cast.ADDED} is ready")
        await self._pause_until(max(began + END_AT_S, self._clock.monotonic() + AFTER_ADDED_S))

    async def _kill(self, events: Events) -> None:
        child = self._company.member(cast.KILLED)
        pid = process.find_program(child.pid, "web.py")
        if pid is None:
            raise PlayError(f"the program of {cast.KILLED} is not found among the descendants of its runner")
        self._company.may_leave(cast.KILLED)
        # In the middle of an answer, where it hurts most.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEGIN_TIMEOUT_S):
                await self._journal.until_begun(cast.KILLED)
        events.killed_at_s = self._clock.monotonic()
        process.kill(pid)
        self._say(f"{cast.KILLED} is killed (SIGKILL)")
        events.killed_exit_code = await child.wait()
        events.died_with_it = frozenset(self._journal.in_progress.get(cast.KILLED, ()))

    async def _until_ready(self, keys: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._roster.until_ready(keys)
        except TimeoutError:
            late = [key for key in keys if key not in self._roster.ready]
            words = "\n".join(f"  {key} said: {line}" for key in late for line in self._company.member(key).last_words)
            raise PlayError(f"not ready within {READY_TIMEOUT_S:g} s: {', '.join(late)}\n{words}") from None

    async def _until_traffic(self) -> None:
        try:
            async with asyncio.timeout(TRAFFIC_TIMEOUT_S):
                await self._journal.traffic.wait()
        except TimeoutError:
            raise PlayError(f"the load got no answer of any kind within {TRAFFIC_TIMEOUT_S:g} s") from None

    async def _pause_until(self, at_s: float) -> None:
        await asyncio.sleep(max(at_s - self._clock.monotonic(), 0.0))

    def _ear(self, role: Role) -> Callable[[str], None] | None:
        """Who takes the lines that a program prints."""
        match role.service:
            case "load":
                return self._journal.load_said
            case "asker":
                return self._journal.asker_said
            case "intruder":
                return self._journal.intruder_said
            case "web":
                return lambda line: self._journal.web_said(role.key, line)
            case _:
                return None


async def _until_answered(client: Client) -> None:
    try:
        async with asyncio.timeout(CONTROL_PLANE_TIMEOUT_S):
            while not await _answers(client):  # noqa: ASYNC110 - nothing says when a socket begins to exist
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise PlayError(f"the control plane was not ready within {CONTROL_PLANE_TIMEOUT_S:g} s") from None


async def _answers(client: Client) -> bool:
    try:
        await client.version()
    except ApiError:
        return False
    return True
