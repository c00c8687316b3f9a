"""A control plane's catalog in a process of its own, so that its memory and time are nobody else's.

Prints a line of JSON when the catalog is complete, and one for each line that it reads.
"""

import asyncio
import gc
import json
import resource
import sys
import time
from pathlib import Path
from random import SystemRandom

from hauberk.catalog.feed import Feed
from hauberk.catalog.kinds import KINDS
from hauberk.client.api import Client
from hauberk.client.kubeconfig import Choice, locate_cluster
from hauberk.model.kinds import kind_named
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.tasks import spawn
from hauberk.store.kubernetes import KubernetesStore

_MIB = 2**20


async def main(kubeconfig: str) -> None:
    began = time.monotonic()
    async with Client(locate_cluster(Choice(kubeconfig=kubeconfig)).endpoint) as client, asyncio.TaskGroup() as group:
        store = await KubernetesStore.open(client, [kind_named(*each) for each in KINDS])
        following = spawn(group, store.run(), name="store")
        feed = Feed(store, Backoff(0.1, 5.0, 0.2, SystemRandom()))
        feeding = spawn(group, feed.run(), name="feed")
        await feed.ready()
        gc.freeze()
        say(feed, seconds=time.monotonic() - began)
        while await asyncio.to_thread(sys.stdin.readline):
            say(feed)
        feeding.cancel()
        await store.close()
        await following


def say(feed: Feed, **more: float) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    topics: dict[str, int] = {}
    for key in feed.latest.value._index.items():
        topics[key[0]] = topics.get(key[0], 0) + 1
    told = {
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "rss_mib": resident / _MIB,
        "peak_mib": usage.ru_maxrss / 1024,
        "revision": feed.latest.value.version.revision,
        "topics": topics,
        **more,
    }
    print(json.dumps(told), flush=True)


asyncio.run(main(sys.argv[1]))
