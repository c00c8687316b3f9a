"""The admin server of a container: `/live`, `/ready` and `/metrics`, plain HTTP for kubelet and Prometheus."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from hauberk.app.failure import StartFailed

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_GRACE_S = 1.0


class Admin:
    """`ready` is set by whoever it stands beside."""

    def __init__(self) -> None:
        self.ready = False
        self._pages: list[Callable[[], Iterable[str]]] = []

    def expose(self, page: Callable[[], Iterable[str]]) -> None:
        """Add lines of Prometheus' text format to `/metrics`."""
        self._pages.append(page)

    @asynccontextmanager
    async def serving(self, port: int, host: str | None = None) -> AsyncIterator[None]:
        """Answer on all addresses, of both families where there are both. Raises StartFailed."""
        app = web.Application()
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            hint = "choose another port with HAUBERK_ADMIN_PORT"
            raise StartFailed(f"port {port} cannot be opened ({error.strerror})", hint=hint) from error
        try:
            yield
        finally:
            await runner.cleanup()

    async def _live(self, request: web.Request) -> web.Response:
        del request
        return web.Response(text="live\n")

    async def _ready(self, request: web.Request) -> web.Response:
        del request
        return web.Response(text="ready\n") if self.ready else web.Response(status=503, text="not ready\n")

    async def _metrics(self, request: web.Request) -> web.Response:
        del request
        lines = [line for page in self._pages for line in page()]
        body = "".join(f"{line}\n" for line in lines).encode()
        return web.Response(body=body, headers={"Content-Type": _CONTENT_TYPE})
