"""The whole evening on a cluster: the story is played while edges are measured and shown, then all is taken away."""

import asyncio
from collections.abc import Callable

from hauberk.client.api import Client
from hauberk.client.errors import ApiError
from hauberk.demo import cast, verdict
from hauberk.demo.company import Company
from hauberk.demo.failure import PlayError
from hauberk.demo.finding import Finding
from hauberk.demo.journal import Journal
from hauberk.demo.meter import INTERVAL_S, Meter
from hauberk.demo.roster import Roster
from hauberk.demo.screen import Screen
from hauberk.demo.staging import Staging
from hauberk.demo.story import Events, Story
from hauberk.runtime.clock import SystemClock
from hauberk.runtime.failures import flat
from hauberk.runtime.shutdown import on_signal
from hauberk.runtime.tasks import spawn
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.through import ThroughApi
from hauberk.telemetry.traffic import FAMILIES

FAILED = 1
INTERRUPTED = 130


async def play(client: Client, staging: Staging, *, once: bool, keep: bool) -> int:
    """Plays the demo and returns the exit code. Without `once` the traffic goes on until SIGINT or SIGTERM.

    `keep`: what was made stays. Progress goes to standard error, the verdict to standard output.
    """
    show = Show(client, staging, once=once)
    with on_signal() as asked:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = (spawn(group, show.run(), name="play"), spawn(group, asked.wait(), name="asked to end"))
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            gone = await show.end(keep=keep)
    if show.wrong is not None or not gone:
        return FAILED
    if asked.is_set():
        return INTERRUPTED if once else 0
    return 0 if all(finding.kept for finding in show.found) else FAILED


class Show:
    def __init__(self, client: Client, staging: Staging, *, once: bool) -> None:
        clock = SystemClock()
        self.wrong: PlayError | None = None
        self.found = list[Finding]()
        self._once = once
        self._client = client
        self._home = staging.home
        self._roster = Roster(staging.home, clock)
        self._journal = Journal()
        self._events = Events()
        self._company = Company(client, staging, self._roster)
        self._meter = Meter(ThroughApi(client, Parser(FAMILIES), clock), self._roster)
        self._screen = Screen.standard(staging.home, clock, keep_table=not once, stderr=True)
        self._result = Screen.standard(staging.home, clock, keep_table=True)
        self._story = Story(self._company, self._roster, self._journal, staging, self._screen.say)

    async def run(self) -> None:
        """Plays it; what went wrong is in `wrong`, the verdict in `found`."""
        try:
            await self._company.take_the_house()
            await self._story.set_the_scene()
            async with asyncio.TaskGroup() as beside:
                tasks = [spawn(beside, self._roster.follow(self._client), name="roster")]
                await self._perform(beside, tasks)
                for task in tasks:
                    task.cancel()
        except* (PlayError, ApiError) as failures:
            self.wrong = _told(failures)

    async def end(self, *, keep: bool) -> bool:
        """Takes away what was made. Returns whether nothing is left that should not be."""
        self._screen.close()
        self._journal.close()
        if self.wrong is not None:
            self._screen.wrong(str(self.wrong))
            if self.wrong.hint:
                self._screen.hint(self.wrong.hint)
        if keep:
            self._screen.say(f"all stays; to delete it: kubectl delete namespace {self._home.namespace}")
            return True
        self._screen.say("everybody leaves")
        finding = verdict.nothing_left(await self._company.leave(), self._home)
        self._result.verdict([finding])
        return finding.kept

    async def _perform(self, beside: asyncio.TaskGroup, tasks: list[asyncio.Task[None]]) -> None:
        await self._story.enter("servers", (*cast.BACKENDS, *cast.WEB))
        await self._meter.read()
        await self._story.enter("clients", cast.CLIENTS)
        for role, take in self._ears():
            tasks.append(spawn(beside, self._company.listen(role.key, role.service, take), name=f"lines of {role.key}"))
        measuring = spawn(beside, self._measure(), name="measuring")
        await self._story.go_on(self._events)
        measuring.cancel()
        await asyncio.wait({measuring})
        await self._judge()
        if not self._once:
            self._screen.say("that was the story; the traffic goes on until Ctrl-C")
            await self._measure()

    def _ears(self) -> list[tuple[cast.Role, Callable[[str], None]]]:
        asker, load, intruder = cast.CLIENTS
        journal = self._journal
        return [(asker, journal.asker_said), (load, journal.load_said), (intruder, journal.intruder_said)]

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self._meter.read()
            self._screen.show(self._meter.recent(), self._journal)

    async def _judge(self) -> None:
        await self._meter.read()
        self._screen.close()
        edges = self._meter.all()
        self.found = verdict.findings(verdict.Facts(edges, self._journal, self._events), self._home)
        for name, reason in self._meter.unread.items():
            self._screen.wrong(f"the proxy of pod {name} was not read: {reason}")
        self._result.final(edges, "All of the traffic")
        self._result.verdict(self.found)


def _told(failures: BaseExceptionGroup[Exception]) -> PlayError:
    first = next(flat(failures))
    return first if isinstance(first, PlayError) else PlayError(str(first))
