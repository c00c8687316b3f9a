"""An API on a port of this machine that says what a test has it say, and notes what it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from hauberk.client.endpoint import TcpEndpoint

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Api:
    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def endpoint(self) -> TcpEndpoint:
        return TcpEndpoint(self.url)


@asynccontextmanager
async def an_api(answer: Answer) -> AsyncIterator[Api]:
    api = Api("")

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {key.lower(): value for key, value in request.headers.items()}
        api.asked.append(Asked(request.method, request.path, dict(request.query), headers, body))
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield api
    finally:
        await runner.cleanup()
