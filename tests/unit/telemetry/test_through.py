"""Proxies read through an API server."""

import asyncio
from datetime import UTC, datetime

from aiohttp import web

from hauberk.client.api import Client
from hauberk.client.endpoint import TcpEndpoint
from hauberk.runtime.clock import ManualClock
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.target import Target
from hauberk.telemetry.through import ThroughApi


async def answer(request: web.Request) -> web.Response:
    """An API server which knows one pod."""
    if request.path != "/api/v1/namespaces/shop/pods/web-x:4191/proxy/metrics":
        status = {"kind": "Status", "message": f"{request.path} is not there"}
        return web.json_response(status, status=404)
    return web.Response(text='response_total{direction="inbound"} 7\n')


def target(pod: str) -> Target:
    return Target("shop", pod, "web", "web", "10.0.0.1", meshed=True)


async def test_a_proxy_is_asked_by_its_pods_name_and_one_that_is_gone_says_why() -> None:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    async with Client(TcpEndpoint(f"http://127.0.0.1:{runner.addresses[0][1]}")) as client:
        good, bad = await ThroughApi(client, Parser(), clock).read([target("web-x"), target("gone")])
    await runner.cleanup()
    await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop
    assert [(sample.series.name, sample.value) for sample in good.samples] == [("response_total", 7.0)]
    assert (bad.samples, good.error) == ((), None)
    assert "gone:4191/proxy/metrics is not there" in (bad.error or "")
