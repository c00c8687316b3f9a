"""One HTTP request to an API and its answer.

The only place of the project that speaks HTTP to a Kubernetes-style API as a client.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import msgspec

from hauberk.client.connecting import HINT, connector_for
from hauberk.client.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from hauberk.client.errors import ApiError, Garbled, Unreachable, from_status
from hauberk.client.locate import hint_for

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
"""JSON is YAML too."""

Batch = list[bytes]
"""Complete lines, in order."""

_MAX_ANSWER_BYTES = 256 * 1024 * 1024
_MAX_LINE_BYTES = 16 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024
_CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """A decoded JSON answer and the warnings that came with it."""

    code: int
    body: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Transport:
    """Connections to one endpoint. Use as an async context manager, or close it."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float = 30.0) -> None:
        """`timeout_s` bounds each request but not a watch."""
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        """Send one request and decode its answer; raises ApiError."""
        async with self._open(method, path, query, body, content_type, accept, self._timeout_s) as response:
            raw = await _bounded(response, _MAX_ANSWER_BYTES)
            return Answer(response.status, _object(raw), _warnings(response))

    async def read(self, path: str, *, query: Mapping[str, str] | None = None) -> bytes:
        """Return an answer as it came, for whoever decodes it better; raises ApiError."""
        async with self._open("GET", path, query, None, JSON, JSON, self._timeout_s) as response:
            return await _bounded(response, _MAX_ANSWER_BYTES)

    async def batches(self, path: str, *, query: Mapping[str, str], silence_s: float) -> AsyncGenerator[Batch, None]:
        """Stream the lines of an answer until the server ends it, as many at a time as have come.

        The first batch is empty: the server has begun to answer.
        Raises ApiError; Unreachable also when nothing comes for `silence_s`.
        """
        async with self._open("GET", path, query, None, JSON, JSON, None, silence_s) as response:
            try:
                yield []
                rest: list[bytes] = []
                waiting = 0
                async for chunk in response.content.iter_any():
                    *complete, tail = chunk.split(b"\n")
                    if complete:
                        complete[0] = b"".join([*rest, complete[0]])
                        rest, waiting = [], 0
                        yield [line for line in complete if line]
                    rest.append(tail)
                    waiting += len(tail)
                    if waiting > _MAX_LINE_BYTES:
                        raise Garbled(f"{self.endpoint} sent a line of more than {_MAX_LINE_BYTES} bytes")
            finally:
                _hang_up(response)

    async def lines(
        self, path: str, *, query: Mapping[str, str], silence_s: float
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Stream the JSON documents of an answer, one a line; see `batches`."""
        async with aclosing(self.batches(path, query=query, silence_s=silence_s)) as batches:
            async for batch in batches:
                for line in batch:
                    if line.strip():
                        yield _object(line)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
        accept: str,
        total_s: float | None,
        silence_s: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = [("Accept", accept)]
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            headers.append(("Content-Type", content_type))
        server_name = None
        if isinstance(self.endpoint, TcpEndpoint):
            headers += await _credentials(self.endpoint)
            server_name = self.endpoint.server_name
        timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=_CONNECT_TIMEOUT_S, sock_read=silence_s)
        url = self.endpoint.base_url + path
        try:
            async with self._connected().request(
                method,
                url,
                params=query,
                data=data,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                server_hostname=server_name,
            ) as response:
                if not 200 <= response.status < 300:
                    raise await _error(response)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            raise self._unreachable(e) from e

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector_for(self.endpoint), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def _unreachable(self, cause: BaseException) -> Unreachable:
        denied = isinstance(cause, PermissionError) or isinstance(getattr(cause, "os_error", None), PermissionError)
        what = "no answer in time" if isinstance(cause, TimeoutError) else str(cause) or type(cause).__name__
        local = isinstance(self.endpoint, UnixEndpoint)
        return Unreachable(
            f"the {'control plane' if local else 'API server'} does not answer",
            looked=[f"{self.endpoint}: {what}"],
            hint=hint_for(denied=denied) if local else HINT,
        )


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """End a connection whose answer is not read to its end, without the farewell of TLS, which may never come."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()


async def _credentials(endpoint: TcpEndpoint) -> list[tuple[str, str]]:
    headers = list(endpoint.headers)
    if endpoint.token is not None:
        given = endpoint.token()
        token = await given if inspect.isawaitable(given) else given
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
    return headers


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > limit:
            raise Garbled(f"the answer has more than {limit} bytes")
    return bytes(raw)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise Garbled(f"the answer is not JSON: {e}") from e
    if not isinstance(document, dict):
        raise Garbled("the answer is not a JSON object")
    return document


async def _error(response: aiohttp.ClientResponse) -> ApiError:
    try:
        status = _object(await _bounded(response, _MAX_ERROR_BYTES))
    except Garbled:
        status = {}
    return from_status(response.status, status, retry_after=response.headers.get("Retry-After", ""))


def _warnings(response: aiohttp.ClientResponse) -> tuple[str, ...]:
    """Texts of `Warning: 299 - "text"` headers (RFC 7234, 5.5), which is how an API server warns."""
    texts = []
    for value in response.headers.getall("Warning", []):
        code, _, rest = value.partition(" ")
        _, quote, text = rest.partition('"')
        if code == "299" and quote:
            texts.append(text.rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\"))
    return tuple(texts)
