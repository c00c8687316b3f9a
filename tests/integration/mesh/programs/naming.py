"""Listens at every address of both families, and tells whoever connects by which name it was reached.

Arguments: NAME=PORT ...
"""

import asyncio
import sys


async def serve(name: str, port: int) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, None, port)
    await server.serve_forever()


async def main() -> None:
    async with asyncio.TaskGroup() as tasks:
        for argument in sys.argv[1:]:
            name, _, port = argument.partition("=")
            tasks.create_task(serve(name, int(port)))


asyncio.run(main())
