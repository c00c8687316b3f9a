"""Asks the proxy API what it tells a proxy, over the control plane's own socket.

The front proxy says there who is calling (`l5d-client-id`); whoever may open the socket, which are root and the user
who runs the control plane, may say it as well, and so ask in the name of any workload.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import grpc
import grpc.aio

CLIENT_ID_HEADER = "l5d-client-id"
TIMEOUT_S = 5.0
MESSAGES_MAX = 1000


class Refused(Exception):
    """The control plane did not answer the question; the text says why."""


class ProxyApi:
    """Use as an async context manager."""

    def __init__(self, socket: Path, *, client_id: str, timeout_s: float = TIMEOUT_S) -> None:
        """`client_id` is the identity in whose name is asked."""
        self._socket = socket
        self._metadata = ((CLIENT_ID_HEADER, client_id),)
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        self._channel = grpc.aio.insecure_channel(f"unix:{self._socket}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def one(self, method: str, request: bytes) -> bytes:
        """The answer to a call that has one. Raises Refused."""
        try:
            call = self._channel.unary_unary(method)
            answer: bytes = await call(request, metadata=self._metadata, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            raise self._refused(error) from None
        return answer

    async def first(self, method: str, request: bytes, is_whole: Callable[[Sequence[bytes]], bool]) -> list[bytes]:
        """The first messages of a stream, until they are whole. Raises Refused."""
        found: list[bytes] = []
        call = self._channel.unary_stream(method)(request, metadata=self._metadata)
        try:
            async with asyncio.timeout(self._timeout_s):
                async for message in call:
                    found.append(message)
                    if is_whole(found) or len(found) >= MESSAGES_MAX:
                        break
        except grpc.aio.AioRpcError as error:
            raise self._refused(error) from None
        except TimeoutError:
            raise Refused(f"the control plane did not answer within {self._timeout_s:.0f} s") from None
        finally:
            call.cancel()
        return found

    def _refused(self, error: grpc.aio.AioRpcError) -> Refused:
        code = error.code()
        if code is grpc.StatusCode.UNAVAILABLE:
            return Refused(f"nobody answers at {self._socket}: {error.details()}")
        return Refused(f"{code.name}: {error.details()}")
