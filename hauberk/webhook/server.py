"""The HTTPS server that the API server asks: one path, one method."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from hauberk.webhook.review import Answer, Request, ReviewInvalid, decode, encode

BODY_MAX = 8 * 1024 * 1024
"""Bytes: an object, its former self and who asks; etcd takes objects of 1.5 MiB."""
_IDLE_S = 600.0
"""Longer than the API server keeps a connection (90 s): whoever asks is the one to close it, and never meets a closed
one with a question that must not be asked twice."""
_GRACE_S = 5.0

log = logging.getLogger(__name__)

Ask = Callable[[Request], Awaitable[Answer]]


class Unanswerable(Exception):
    """Something that has to be known cannot be found out now. The configuration's failurePolicy decides."""


@asynccontextmanager
async def serving(ask: Ask, context: ssl.SSLContext, *, port: int, host: str | None = None) -> AsyncIterator[int]:
    """Answer, by default on all addresses, and yield the port. Raises OSError where it cannot be opened."""
    app = web.Application(client_max_size=BODY_MAX)
    app.router.add_post("/", _handler(ask))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_S, keepalive_timeout=_IDLE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _handler(ask: Ask) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(http: web.Request) -> web.Response:
        try:
            request = decode(await http.read())
            body = encode(request, await ask(request))
        except ReviewInvalid as error:
            return web.Response(status=400, text=f"{error}\n")
        except Unanswerable as error:
            log.warning("a question has no answer: %s", error)
            return web.Response(status=503, text=f"{error}\n")
        except (web.HTTPException, asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("a question has no answer")
            return web.Response(status=500, text="failed on this question: see the log\n")
        return web.Response(body=body, content_type="application/json")

    return handle
