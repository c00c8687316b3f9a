"""The whole evening: the script is played while the edges are measured and shown, then everybody leaves."""

import asyncio
import os
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from demo import costume, leftovers, report, scene, stage
from demo.company import Company
from demo.script import Events, Script
from demo.verdict import Facts, findings
from hauberk.client.errors import ApiError
from hauberk.demo import cast
from hauberk.demo.failure import PlayError
from hauberk.demo.journal import Journal
from hauberk.demo.meter import INTERVAL_S, Meter
from hauberk.demo.roster import Roster
from hauberk.demo.screen import Screen
from hauberk.runtime.clock import SystemClock
from hauberk.runtime.tasks import spawn
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.query import Edge
from hauberk.telemetry.scrape import Scraper
from hauberk.telemetry.traffic import FAMILIES

REPORT = Path("demo.json")
FAILED = 1
INTERRUPTED = 130


async def play(*, once: bool) -> int:
    """Plays the demo inside of its namespaces and returns the exit code. SIGINT, SIGTERM and SIGHUP end it in order."""
    screen = Screen.standard(scene.HOME, SystemClock(), keep_table=not once)
    with _asked_to_end() as asked:
        dressed = costume.choose(os.environ)
        if dressed.why_root:
            screen.say(f"the programs run as root: {dressed.why_root}")
        async with asyncio.TaskGroup() as group:
            company = Company(group, stage.WORK, dressed)
            show = Show(company, screen, once=once)
            try:
                wrong = await _first(group, show.run(), asked, company)
            finally:
                screen.close()
                show.journal.close()
                screen.say("everybody leaves")
                await company.end()
        left = await leftovers.settled(stage.RUNTIME / "workloads")
        if wrong is not None:
            screen.wrong(wrong)
            return FAILED
        if asked.is_set():
            return _goodbye(screen, left, once=once)
        return _judge(screen, show, left)


class Show:
    def __init__(self, company: Company, screen: Screen, *, once: bool) -> None:
        clock = SystemClock()
        self.journal = Journal()
        self.roster = Roster(scene.HOME, clock)
        self.events = Events()
        self.edges = list[Edge]()
        self._screen = screen
        self._once = once
        self._script = Script(company, self.roster, self.journal, clock, screen.say)

    async def run(self) -> str | None:
        """Plays it: to the end with `once`, else for ever. Returns what went wrong, if something did."""
        wrong: str | None = None
        try:
            async with self._script.house(stage.RUNTIME) as client, asyncio.TaskGroup() as beside:
                roster = spawn(beside, self.roster.follow(client), name="roster")
                await self._perform()
                roster.cancel()
        except* (PlayError, ApiError) as failures:
            wrong = str(_innermost(failures))
        return wrong

    async def _perform(self) -> None:
        await self._script.enter_servers()
        async with Scraper(Parser(FAMILIES), SystemClock()) as scraper, asyncio.TaskGroup() as beside:
            meter = Meter(scraper, self.roster)
            await meter.read()
            measuring = spawn(beside, self._measure(meter), name="measuring")
            await self._script.enter_clients()
            if not self._once:
                await asyncio.Event().wait()
            await self._script.second_act(self.events)
            measuring.cancel()
            await asyncio.wait({measuring})
            await meter.read()
            self.edges = meter.all()

    async def _measure(self, meter: Meter) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            await meter.read()
            self._screen.show(meter.recent(), self.journal)

    def facts(self, left: Sequence[str]) -> Facts:
        return Facts(
            edges=self.edges,
            journal=self.journal,
            killed_at_s=self.events.killed_at_s,
            died_with_it=self.events.died_with_it,
            ready_at_s=self.roster.ready_at_s.get(cast.ADDED),
            killed_exit_code=self.events.killed_exit_code,
            left_behind=left,
        )


async def _first(
    group: asyncio.TaskGroup, playing: Coroutine[None, None, str | None], asked: asyncio.Event, company: Company
) -> str | None:
    """Waits for the end of the play, for a person who has seen enough, or for an accident; says what went wrong."""
    play = spawn(group, playing, name="play")
    enough = spawn(group, asked.wait(), name="asked to end")
    accident = spawn(group, company.accident(), name="accident")
    tasks = (play, enough, accident)
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    if not accident.cancelled() and not asked.is_set():
        return accident.result().obituary()
    return None if play.cancelled() else play.result()


def _judge(screen: Screen, show: Show, left: Sequence[str]) -> int:
    found = findings(show.facts(left))
    screen.final(show.edges, "All of the traffic")
    screen.verdict(found)
    report.write(REPORT, show.edges, found)
    return 0 if all(finding.kept for finding in found) else FAILED


def _goodbye(screen: Screen, left: Sequence[str], *, once: bool) -> int:
    if left:
        screen.wrong(f"left behind, and removed with the demo's namespaces: {', '.join(left)}")
        return FAILED
    screen.say("ended; nothing is left of it")
    return INTERRUPTED if once else 0


def _innermost(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failures.exceptions[0]
    return _innermost(first) if isinstance(first, BaseExceptionGroup) else first


@contextmanager
def _asked_to_end() -> Iterator[asyncio.Event]:
    """Unlike elsewhere in Hauberk a second signal changes nothing: whoever insists is heard outside (`stage.py`)."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in stage.ENDING_SIGNALS:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in stage.ENDING_SIGNALS:
            loop.remove_signal_handler(number)
