"""One HTTP request to an API and its answer.

The only place of the project that speaks HTTP to a Kubernetes-style API as a client.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import msgspec

from hauberk.client.endpoint import Endpoint, UnixEndpoint
from hauberk.client.errors import ApiError, Garbled, Unreachable, from_status
from hauberk.client.locate import hint_for

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

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

    async def lines(
        self, path: str, *, query: Mapping[str, str], silence_s: float, accept: str = JSON
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Stream the JSON documents of an answer, one a line, until the server ends it.

        Raises ApiError; Unreachable also when nothing comes for `silence_s`.
        """
        async with self._open("GET", path, query, None, JSON, accept, None, silence_s) as response:
            rest = bytearray()
            async for chunk in response.content.iter_any():
                rest += chunk
                *complete, tail = rest.split(b"\n")
                for line in complete:
                    if line.strip():
                        yield _object(bytes(line))
                if len(tail) > _MAX_LINE_BYTES:
                    raise Garbled(f"{self.endpoint} sent a line of more than {_MAX_LINE_BYTES} bytes")
                rest = bytearray(tail)

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
        headers = {"Accept": accept}
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            headers["Content-Type"] = content_type
        if not isinstance(self.endpoint, UnixEndpoint) and self.endpoint.token is not None:
            headers["Authorization"] = f"Bearer {self.endpoint.token()}"
        timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=_CONNECT_TIMEOUT_S, sock_read=silence_s)
        url = self.endpoint.base_url + path
        try:
            async with self._connected().request(
                method, url, params=query, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise await _error(response)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            raise self._unreachable(e) from e

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector: aiohttp.BaseConnector
            if isinstance(self.endpoint, UnixEndpoint):
                connector = aiohttp.UnixConnector(path=str(self.endpoint.path))
            else:
                connector = aiohttp.TCPConnector(ssl=self.endpoint.tls if self.endpoint.tls is not None else True)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _unreachable(self, cause: BaseException) -> Unreachable:
        denied = isinstance(cause, PermissionError) or isinstance(getattr(cause, "os_error", None), PermissionError)
        what = "no answer in time" if isinstance(cause, TimeoutError) else str(cause) or type(cause).__name__
        return Unreachable(
            "the control plane does not answer", looked=[f"{self.endpoint}: {what}"], hint=hint_for(denied=denied)
        )


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
    return from_status(response.status, status)


def _warnings(response: aiohttp.ClientResponse) -> tuple[str, ...]:
    """Texts of `Warning: 299 - "text"` headers (RFC 7234, 5.5), which is how an API server warns."""
    texts = []
    for value in response.headers.getall("Warning", []):
        code, _, rest = value.partition(" ")
        _, quote, text = rest.partition('"')
        if code == "299" and quote:
            texts.append(text.rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\"))
    return tuple(texts)
