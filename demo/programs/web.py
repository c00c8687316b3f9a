"""The demo's web service: answers each request with what three others tell it, whom it calls by name.

It knows nothing of the mesh. DELAY_MS makes it slow, FAIL_EVERY makes every n-th answer an error on purpose; both are
the faults of an ordinary program that the mesh must live with.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncGenerator

import aiohttp
import grpc
from aiohttp import web
from google.protobuf.wrappers_pb2 import StringValue

NAME = os.environ.get("REPLICA", "web")
DELAY_S = float(os.environ.get("DELAY_MS", "0")) / 1000
FAIL_EVERY = int(os.environ.get("FAIL_EVERY", "0"))
ANSWER_TIMEOUT_S = 5.0


class Visits:
    """Counts in Redis, over one kept connection, by the inline form of its protocol."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def count(self) -> int:
        async with self._turn:
            if self._connection is None:
                self._connection = await asyncio.open_connection("cache", 6379)
            reader, writer = self._connection
            try:
                writer.write(b"INCR visits\r\n")
                return int((await reader.readuntil(b"\r\n")).removeprefix(b":"))
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None


class Shop:
    """The service: its three upstreams, and how many requests it has begun."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    async def upstreams(self, _: web.Application) -> AsyncGenerator[None, None]:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S))
        self._visits = Visits()
        channel = grpc.aio.insecure_channel("quote:50051")
        self._quote = channel.unary_unary(
            "/demo.Quote/Give",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=StringValue.FromString,
        )
        yield
        self._visits.close()
        await asyncio.gather(self._http.close(), channel.close())

    async def answer(self, request: web.Request) -> web.Response:
        about = request.headers.get("x-request-id", "-")
        print(f"begin {about}", flush=True)
        try:
            return await self._answer(next(self._numbers))
        finally:
            print(f"end {about}", flush=True)

    async def _answer(self, number: int) -> web.Response:
        headers = {"x-served-by": NAME}
        if FAIL_EVERY and number % FAIL_EVERY == 0:
            return web.Response(
                status=500, text="this replica fails now and then\n", headers={**headers, "x-fault": "on-purpose"}
            )
        if DELAY_S:
            await asyncio.sleep(DELAY_S)
        try:
            banner, count, quote = await asyncio.gather(self._banner(), self._visits.count(), self._saying())
        except (aiohttp.ClientError, grpc.aio.AioRpcError, OSError, EOFError, ValueError) as error:
            print(f"upstream failed: {error!r}", file=sys.stderr, flush=True)
            return web.Response(status=502, text=f"{error!r}\n", headers=headers)
        return web.Response(text=f"{banner.strip()}\nvisit {count} to {NAME}\n{quote}\n", headers=headers)

    async def _banner(self) -> str:
        async with self._http.get("http://assets/banner.txt") as response:
            response.raise_for_status()
            return await response.text()

    async def _saying(self) -> str:
        reply = await self._quote(StringValue(value=NAME), timeout=ANSWER_TIMEOUT_S)
        return str(reply.value)


async def health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def main() -> None:
    shop = Shop()
    app = web.Application()
    app.cleanup_ctx.append(shop.upstreams)
    app.router.add_get("/", shop.answer)
    app.router.add_get("/health", health)
    web.run_app(app, port=8080, print=None, access_log=None)


if __name__ == "__main__":
    main()
