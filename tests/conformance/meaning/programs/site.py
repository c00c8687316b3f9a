"""A site that says what arrived, and who it is. Usage: site.py NAME PORT."""

import asyncio
import sys

from aiohttp import web


async def about(request: web.Request) -> web.Response:
    seen = {name.lower(): value for name, value in request.headers.items()}
    return web.json_response({"path": request.raw_path, "headers": seen}, headers={"x-served-by": sys.argv[1]})


async def hold(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits so long")


app = web.Application()
app.router.add_route("*", "/hold", hold)
app.router.add_route("*", "/{rest:.*}", about)
web.run_app(app, port=int(sys.argv[2]), print=lambda *_: None, access_log=None, shutdown_timeout=1)
