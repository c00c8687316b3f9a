import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from hauberk.runtime.clock import SystemClock
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.scrape import Scraper
from hauberk.telemetry.target import Target


@pytest.fixture
async def admin_port() -> AsyncIterator[int]:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text='response_total{direction="inbound"} 7\n# EOF\n')

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()
    await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop


def at(port: int) -> Target:
    return Target("default", f"pod-{port}", "web", "web", "127.0.0.1", meshed=True, port=port)


async def test_every_proxy_is_read_and_one_that_is_gone_says_why(admin_port: int) -> None:
    async with Scraper(Parser(), SystemClock()) as scraper:
        good, bad = await scraper.read([at(admin_port), at(1)])
    assert [(s.series.name, s.value) for s in good.samples] == [("response_total", 7.0)]
    assert good.error is None
    assert bad.samples == ()
    assert bad.error


async def test_a_proxy_that_never_answers_costs_no_more_than_the_time_limit() -> None:
    # The kernel takes the connection, and nobody ever reads from it.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with Scraper(Parser(), SystemClock(), timeout_s=0.2) as scraper, asyncio.timeout(5):
            (reading,) = await scraper.read([at(silent.getsockname()[1])])
    assert reading.error
