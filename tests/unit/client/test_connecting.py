import asyncio
import socket

from aiohttp import web
from answering import an_api

from hauberk.client.transport import Transport


async def test_a_peer_that_has_vanished_will_be_noticed() -> None:
    """The options of tcp(7), on the very connection that a watch keeps."""
    began = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        began.set()
        await asyncio.Event().wait()
        return response

    async with an_api(silent) as api, Transport(api.endpoint) as to:
        stream = to.batches("/x", query={}, silence_s=60)
        await anext(stream)
        session = to._session
        assert session is not None
        assert session.connector is not None
        (protocol,) = session.connector._acquired
        sock = protocol.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle, interval, count = (
            sock.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + interval * count <= 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
        await stream.aclose()
