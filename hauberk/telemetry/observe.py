"""Looks at the whole mesh, twice where the time in between matters."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hauberk.client.api import Client, Selector
from hauberk.model.kinds import Kind, by_plural
from hauberk.runtime.clock import Clock, SystemClock
from hauberk.telemetry.change import Change, Reading, changes
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.query import Place
from hauberk.telemetry.scrape import Scraper
from hauberk.telemetry.target import Target, readable, targets
from hauberk.telemetry.traffic import FAMILIES


@dataclass(frozen=True, slots=True)
class Observation:
    """What the proxies said, and of which of them it is not known."""

    targets: Sequence[Target]
    changes: Sequence[Change]
    unread: Sequence[Reading]
    """Proxies that did not answer, with the reasons."""


async def pod_items(client: Client, namespace: str | None = None, labels: str = "") -> Sequence[dict[str, Any]]:
    """The Pods of a namespace, or (None) of all, as the API gives them. Raises ApiError."""
    return (await client.list(_core("pods"), namespace=namespace, selector=Selector(labels=labels))).items


async def pods(client: Client) -> list[Target]:
    """All workloads that are registered. Raises ApiError."""
    return targets(await pod_items(client))


async def services(client: Client) -> list[Place]:
    """All Services that there are. Raises ApiError."""
    items = (await client.list(_core("services"))).items
    return [Place(str(item["metadata"].get("namespace", "")), str(item["metadata"]["name"])) for item in items]


async def observe(
    found: Sequence[Target], *, window_s: float | None, families: Iterable[str] = FAMILIES, clock: Clock | None = None
) -> Observation:
    """Reads all proxies, again after `window_s` seconds; None counts from each proxy's start instead."""
    watched = readable(found)
    async with Scraper(Parser(frozenset(families)), clock or SystemClock()) as scraper:
        before: list[Reading] = []
        if window_s is not None:
            before = await scraper.read(watched)
            await asyncio.sleep(window_s)
        after = await scraper.read(watched)
    return Observation(found, changes(before, after), [reading for reading in after if reading.error is not None])


def _core(plural: str) -> Kind:
    kind = by_plural("", plural)
    if kind is None:
        raise TypeError(f"there is no kind {plural}")
    return kind
