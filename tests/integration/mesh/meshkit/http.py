"""An HTTP/1.1 client on connections that somebody else opens."""

import http.client
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

Connect = Callable[[], socket.socket]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Http(http.client.HTTPConnection):
    """One connection, which is kept open. Raises what sockets and `http.client` raise."""

    def __init__(self, host: str, opened: Connect) -> None:
        super().__init__(host)
        self._opened = opened

    def connect(self) -> None:
        self.sock = self._opened()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
    ) -> Answer:
        self.request(method, path, body, dict(headers or {}), encode_chunked=chunked)
        response = self.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, answered, response.read())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ask(opened: Connect, host: str, path: str, *, method: str = "GET") -> Answer:
    """One request on a connection of its own."""
    with Http(host, opened) as connection:
        return connection.ask(method, path, headers={"connection": "close"})
