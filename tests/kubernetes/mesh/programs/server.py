"""A program that knows nothing of the mesh: says who it is, and ends as good servers do, when all is answered."""

import os
import socket
import sys

from aiohttp import web


async def hello(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "name": os.environ.get("NAME", socket.gethostname()),
            "pod": socket.gethostname(),
            "client": request.headers.get("l5d-client-id", ""),
            "method": request.method,
            "path": request.path,
        }
    )


app = web.Application()
app.router.add_route("*", "/{rest:.*}", hello)
web.run_app(app, port=int(sys.argv[1]), print=lambda *_: None, access_log=None, shutdown_timeout=10)
