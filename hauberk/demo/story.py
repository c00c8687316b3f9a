"""What happens on a cluster, step by step. Each step waits for what it promises, and says so if that does not come."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hauberk.demo import cast, objects
from hauberk.demo.cast import Role
from hauberk.demo.company import Company
from hauberk.demo.failure import PlayError
from hauberk.demo.journal import Journal
from hauberk.demo.roster import Roster
from hauberk.demo.staging import Staging
from hauberk.runtime.tasks import spawn

READY_TIMEOUT_S = 180.0
"""Images may have to be pulled."""
STEP_TIMEOUT_S = 60.0
NEWS_S = 20.0
"""Whoever waits longer is told what for, and again."""
QUIET_REQUESTS = 60
"""So many requests of the load in a row without the broken replica: the route is in force."""
REFUSALS = 3
"""So many refusals: each replica has heard of the policy by then."""
PAUSE_S = 5.0
"""Between steps, for whoever watches, and for what is measured."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Events:
    """How much had been heard when something came into force; None before."""

    broken: int = 0
    """Answers of the broken replica that the load got before the route."""
    routed: int | None = None
    """Requests of the load."""
    refused: Counter[str] | None = None
    """What the intruder had got."""
    left: int | None = None
    """Requests of the load when a replica was sent away."""


class Story:
    def __init__(self, company: Company, roster: Roster, journal: Journal, staging: Staging, say: Say) -> None:
        self._company = company
        self._roster = roster
        self._journal = journal
        self._staging = staging
        self._say = say

    async def set_the_scene(self) -> None:
        await self._company.apply(objects.scenery(self._staging))
        # Whoever applied the manifests before, or kept an earlier demo, sees the same story.
        later = [*objects.policy(self._staging), *objects.route(self._staging)]
        await self._company.remove([*later, *objects.programs([cast.NEW_WEB], self._staging)])

    async def enter(self, what: str, roles: Sequence[Role]) -> None:
        await self._company.apply(objects.programs(roles, self._staging))
        names = cast.keys(roles)
        self._say(f"{what} begin: {', '.join(names)}")
        await self._within(READY_TIMEOUT_S, f"{', '.join(names)} to be ready", self._roster.until_ready(names))
        if bare := [target.pod for target in self._roster.targets if not target.meshed]:
            raise PlayError(
                "\n".join((f"pods have no proxy: {', '.join(bare)}", *await self._told())),
                hint="if no event says why, the injector was not asked, or did not answer: see `hauberk check`",
            )
        self._say(f"{what} are ready, each with a proxy")

    async def go_on(self, events: Events) -> None:
        """All that happens while there is traffic."""
        await self._heard("the load to get an answer", self._journal.traffic.is_set)
        for step in (self._route, self._refuse, self._dismiss, self._add):
            await asyncio.sleep(PAUSE_S)
            await step(events)
        await asyncio.sleep(PAUSE_S)

    async def _route(self, events: Events) -> None:
        await self._heard(f"{cast.BROKEN} to fail", lambda: any(r.on_purpose for r in self._journal.requests))
        events.broken = sum(request.on_purpose for request in self._journal.requests)
        self._say(f"{cast.BROKEN} is broken: a route sends everybody to the others")
        await self._company.apply(objects.route(self._staging))

        def quiet() -> bool:
            latest = self._journal.since(self._journal.heard - QUIET_REQUESTS)
            return len(latest) == QUIET_REQUESTS and all(request.by != cast.BROKEN for request in latest)

        await self._heard(f"the load to get no answer of {cast.BROKEN}", quiet)
        events.routed = self._journal.heard

    async def _refuse(self, events: Events) -> None:
        self._say("a policy is applied: only `load` may call `web`")
        await self._company.apply(objects.policy(self._staging))
        enough = self._journal.refusals["403"] + REFUSALS
        await self._heard("the intruder to be refused", lambda: self._journal.refusals["403"] >= enough)
        events.refused = self._journal.refusals.copy()

    async def _dismiss(self, events: Events) -> None:
        self._say(f"{cast.KILLED} is sent away in the middle of its work")
        events.left = self._journal.heard
        await self._company.remove(objects.programs([cast.WEB[0]], self._staging))
        await self._within(STEP_TIMEOUT_S, f"{cast.KILLED} to be gone", self._roster.until_gone(cast.KILLED))

    async def _add(self, _: Events) -> None:
        await self.enter("newcomers", [cast.NEW_WEB])
        await self._heard(f"an answer of {cast.ADDED}", lambda: any(r.by == cast.ADDED for r in self._journal.requests))

    async def _heard(self, what: str, true: Callable[[], bool]) -> None:
        await self._within(STEP_TIMEOUT_S, what, self._journal.until(true))

    async def _within(self, seconds: float, what: str, work: Awaitable[None]) -> None:
        """Raises PlayError, with what the pods say."""
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as beside:
                news = spawn(beside, self._news(what), name="news")
                await work
                news.cancel()
        except TimeoutError:
            raise PlayError("\n".join((f"waited {seconds:g} s in vain for {what}", *await self._told()))) from None

    async def _news(self, what: str) -> None:
        while True:
            await asyncio.sleep(NEWS_S)
            self._say("\n".join((f"still waiting for {what}", *await self._told())))

    async def _told(self) -> list[str]:
        return (await self._company.told()).splitlines()
