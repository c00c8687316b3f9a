"""Requests at a steady rate, each counted by what it was answered, or by why not; in the end one line of JSON.

Usage: load.py URL RATE CONNECTIONS [SECONDS]. Ends on SIGTERM, or after the seconds. Connections are kept.
"""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import aiohttp

UNDER_WAY_MAX = 100
"""Beyond that a turn sends fewer: a machine that cannot keep the rate up is no mesh that loses requests."""
TIMEOUT_S = 20.0
TURNS_PER_S = 50


def now() -> str:
    return datetime.now(UTC).isoformat()


async def ask(session: aiohttp.ClientSession, url: str, seen: Counter[str], took: list[float]) -> None:
    began = time.monotonic()
    try:
        async with session.get(url) as response:
            await response.read()
            seen[str(response.status)] += 1
            if response.status != 200:
                print(now(), response.status, response.headers.get("l5d-proxy-error", ""), flush=True)
    except (aiohttp.ClientError, TimeoutError) as error:
        seen[type(error).__name__] += 1
        print(now(), repr(error), flush=True)
    took.append(time.monotonic() - began)


async def main(url: str, rate: float, connections: int, seconds: float) -> None:
    seen: Counter[str] = Counter()
    took: list[float] = []
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    print("begun", flush=True)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session, asyncio.TaskGroup() as group:
        began, sent, under_way = time.monotonic(), 0, set[asyncio.Task[None]]()
        while not ended.is_set() and time.monotonic() - began < seconds:
            due = int((time.monotonic() - began) * rate)
            for _ in range(min(due - sent, UNDER_WAY_MAX - len(under_way))):
                task = group.create_task(ask(session, url, seen, took))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            sent = max(sent, due)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 1 / TURNS_PER_S)
    took.sort()
    p99 = took[int(len(took) * 0.99)] if took else 0.0
    print("total " + json.dumps({"seen": seen, "sent": len(took), "p99_ms": round(p99 * 1000, 1)}), flush=True)


seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 3600.0
asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), seconds))
