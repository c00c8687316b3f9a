"""Reads the proxies of programs, through the API server: who checks need not reach pods."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, islice, zip_longest

from hauberk.check.kubernetes.answers import Answer, Answers
from hauberk.check.kubernetes.seen import Document
from hauberk.client.api import Client
from hauberk.runtime.clock import Clock
from hauberk.telemetry.change import Reading
from hauberk.telemetry.health import FAMILIES, health
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.target import Target, readable, targets
from hauberk.telemetry.through import ThroughApi

READ_MAX = 64
"""Proxies, of one look."""


async def answering(client: Client, clock: Clock, pods: Iterable[Document]) -> Answers:
    """Of many only some are asked, but some of every namespace. Needs `get` of `pods/proxy`."""
    found = readable(targets(pods))
    readings = await ThroughApi(client, Parser(FAMILIES), clock).read(some(found))
    return Answers([_answer(reading) for reading in readings], len(found))


def some(found: Iterable[Target]) -> Sequence[Target]:
    """One of each namespace, then a second one of each, and so on."""
    by_namespace: defaultdict[str, list[Target]] = defaultdict(list)
    for target in found:
        by_namespace[target.namespace].append(target)
    rounds = chain.from_iterable(zip_longest(*by_namespace.values()))
    return list(islice((target for target in rounds if target is not None), READ_MAX))


def _answer(reading: Reading) -> Answer:
    told = health(reading)
    return Answer(reading.target.name, reading.error or "", told.certificate_expires_s, told.view_age_s)
