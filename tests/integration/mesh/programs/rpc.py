"""The gRPC service of server.py."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import grpc
import grpc.aio


class Calls(grpc.GenericRpcHandler):
    """gRPC of all four kinds; messages are bytes. Each call ends with a trailer of its own."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        kinds = {
            "/test.Calls/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/test.Calls/Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "/test.Calls/Down": grpc.unary_stream_rpc_method_handler(self.down),
            "/test.Calls/Up": grpc.stream_unary_rpc_method_handler(self.up),
            "/test.Calls/Both": grpc.stream_stream_rpc_method_handler(self.both),
            "/test.Calls/Left": grpc.unary_unary_rpc_method_handler(self.left),
            "/test.Calls/Who": grpc.unary_unary_rpc_method_handler(self.who),
            "/test.Others/Who": grpc.unary_unary_rpc_method_handler(self.who),
            "/test.Calls/Wait": grpc.unary_unary_rpc_method_handler(self.wait),
            "/test.Calls/Trickle": grpc.stream_stream_rpc_method_handler(self.trickle),
        }
        return kinds.get(details.method)

    async def unary(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        context.set_trailing_metadata((("x-kind", "unary"), ("x-blob-bin", b"\x00\xff")))
        return request

    async def fail(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        context.set_trailing_metadata((("x-kind", "fail"),))
        return await context.abort(grpc.StatusCode.DATA_LOSS, request.decode())

    async def down(self, request: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        context.set_trailing_metadata((("x-kind", "down"),))
        for number in range(int(request)):
            yield b"%d" % number

    async def up(self, requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> bytes:
        context.set_trailing_metadata((("x-kind", "up"),))
        total = 0
        async for message in requests:
            total += len(message)
        return b"%d" % total

    async def both(self, requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        context.set_trailing_metadata((("x-kind", "both"),))
        async for message in requests:
            yield message

    async def left(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        """How many seconds the client still waits."""
        del request
        return str(context.time_remaining()).encode()

    async def who(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        """How this replica calls itself."""
        del request, context
        return os.environ.get("REPLICA", "").encode()

    async def wait(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        """Is never answered."""
        del context
        await _until_cancelled("Wait")
        return request

    async def trickle(self, requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        """Echoes, and does not end with its client's messages."""
        del context
        async for message in requests:
            yield message
        await _until_cancelled("Trickle")


async def _until_cancelled(name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        sys.stdout.write(f"{name} is over\n")
        sys.stdout.flush()
