"""A server that speaks everything the mesh carries. It knows nothing of the mesh.

By IPv4 and IPv6: HTTP on 8080, plain TCP on 9001 (answers at the end of what it is told), 9002 (speaks first, then
echoes), 9003 (HTTP/1.1 by hand, with trailers), 9004 (HTTP/1.1, one answer for each connection), TLS of its own on 9443
where CERTIFICATE names its file, gRPC on 50051.
"""

import asyncio
import hashlib
import os
import ssl
import sys

import grpc.aio
from aiohttp import WSMsgType, web
from rpc import Calls

NAME = os.environ.get("REPLICA", "")
BODY_MAX = 64 * 1024 * 1024


class Site:
    def __init__(self) -> None:
        self._gate = asyncio.Event()

    async def about(self, request: web.Request) -> web.Response:
        """Says what arrived."""
        return web.json_response(
            {
                "replica": NAME,
                "version": f"{request.version.major}.{request.version.minor}",
                "path": request.raw_path,
                "headers": [[name.lower(), value] for name, value in request.headers.items()],
                "peer": request.transport.get_extra_info("peername")[1] if request.transport else None,
            },
            headers={"x-served-by": NAME},
        )

    async def digest(self, request: web.Request) -> web.Response:
        """Says the length and the checksum of the body."""
        length, checksum = 0, hashlib.sha256()
        async for piece in request.content.iter_any():
            length += len(piece)
            checksum.update(piece)
        chunked = "chunked" in request.headers.get("transfer-encoding", "")
        return web.json_response({"length": length, "sha256": checksum.hexdigest(), "chunked": chunked})

    async def bytes(self, request: web.Request) -> web.StreamResponse:
        """A body of so many bytes; chunked unless `sized`."""
        left = int(request.query["n"])
        response = web.StreamResponse()
        if "sized" in request.query:
            response.content_length = left
        await response.prepare(request)
        piece = bytes(range(256)) * 256
        # The framework would send it after HEAD as well, behind which the next answer is not found.
        while left > 0 and request.method != "HEAD":
            await response.write(piece[:left])
            left -= len(piece)
        await response.write_eof()
        return response

    async def error(self, _: web.Request) -> web.Response:
        return web.Response(status=500, text="on purpose")

    async def hold(self, _: web.Request) -> web.Response:
        """Is answered when /release was asked."""
        sys.stdout.write("holding\n")
        sys.stdout.flush()
        await self._gate.wait()
        return web.Response(text="released", headers={"x-served-by": NAME})

    async def release(self, _: web.Request) -> web.Response:
        self._gate.set()
        return web.Response()

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Echoes messages; says goodbye by itself after `end`."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and message.data == "end":
                await socket.close(code=4000)
            elif message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        return socket

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_get("/bytes", self.bytes)
        app.router.add_get("/error", self.error)
        app.router.add_get("/hold", self.hold)
        app.router.add_get("/release", self.release)
        app.router.add_get("/ws", self.socket)
        app.router.add_post("/digest", self.digest)
        app.router.add_route("*", "/{rest:.*}", self.about)
        return app


async def at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    said = await reader.read()
    writer.write(f"{len(said)} {hashlib.sha256(said).hexdigest()}\n".encode())
    await _finish(writer)


async def speaks_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 what do you want\r\n")
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    await _finish(writer)


async def with_trailers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads chunked requests with trailers, and answers each with a chunked body and trailers."""
    while head := await _head(reader):
        assert b"transfer-encoding: chunked" in head.lower(), head
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        trailers = await _head(reader)
        answer = hashlib.sha256(body).hexdigest().encode() + b" " + trailers.strip().replace(b"\r\n", b", ")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-checksum\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n0\r\nx-checksum: 4711\r\n\r\n" % (len(answer), answer))
        await writer.drain()
    await _finish(writer)


async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """HTTP/1.1 that promises to keep the connection, and does not."""
    if await _head(reader):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    await _finish(writer)


async def _head(reader: asyncio.StreamReader) -> bytes:
    lines = b""
    while line := await reader.readline():
        if line == b"\r\n":
            return lines or b"\r\n"
        lines += line
    return b""


async def _finish(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main() -> None:
    runner = web.AppRunner(Site().application(), access_log=None)
    await runner.setup()
    for port, serve in ((9001, at_the_end), (9002, speaks_first), (9003, with_trailers), (9004, one_answer)):
        await asyncio.start_server(serve, None, port)
    if certificate := os.environ.get("CERTIFICATE"):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        await asyncio.start_server(speaks_first, None, 9443, ssl=tls)
    calls = grpc.aio.server()
    calls.add_generic_rpc_handlers((Calls(),))
    calls.add_insecure_port("[::]:50051")
    await calls.start()
    await web.TCPSite(runner, None, int(os.environ.get("PORT", "8080"))).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
