"""Stands where the control plane was, proves to be it, and then talks nonsense.

    impostor.py ADDRESS PORT CREDENTIALS

Proxies offer no ALPN to their control plane, which gRPC for Python insists on; so TLS ends here, in front of it.
"""

import asyncio
import itertools
import ssl
import sys
from collections.abc import AsyncIterator

import grpc
import grpc.aio

NONSENSE = (b"", b"\xff\xff\xff\xffnonsense")
"""A message of any type in which all is missing that such a message has to say; and what is no message at all."""


class Nonsense(grpc.GenericRpcHandler):
    """Every call of every service is a stream that begins with nonsense, of either sort in turn."""

    def __init__(self) -> None:
        self._sorts = itertools.cycle(NONSENSE)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        print(details.method, flush=True)
        return grpc.unary_stream_rpc_method_handler(self._answer)

    async def _answer(self, request: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        del request, context
        yield next(self._sorts)
        await asyncio.Event().wait()


async def main() -> None:
    address, port, credentials = sys.argv[1:]
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Nonsense(),))
    plain = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async def terminate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", plain)
        await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer))

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(credentials)
    await asyncio.start_server(terminate, address, int(port), ssl=tls)
    print("listening", flush=True)
    await asyncio.Event().wait()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(main())
