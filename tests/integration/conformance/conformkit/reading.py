"""What requests mean, as h11 reads them."""

import contextlib
import re
from dataclasses import dataclass

import h11

HEAD_MAX = 512 * 1024
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)(.*)")
_OWN = re.compile(r"x-[a-z0-9-]+")


@dataclass(frozen=True)
class Request:
    """What all readers have to agree on."""

    method: str
    host: str
    """In lower case, without port: what the target says, else the header."""
    path: str
    body: bytes
    fields: tuple[tuple[str, str], ...]
    """Those whose names begin with `x-` and have nothing in them that nginx drops a field for."""

    def __str__(self) -> str:
        named = "".join(f" {name}={value!r}" for name, value in self.fields)
        return f"{self.method} {self.host!r} {self.path}{named} body={self.body!r}"


def of_event(event: h11.Request, body: bytes) -> Request:
    """The request by its meaning (RFC 9112, 3.2: the host of an absolute target counts)."""
    target = event.target.decode("latin-1")
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in event.headers]
    host = next((value for name, value in headers if name == "host"), "")
    method = event.method.decode()
    if absolute := _ABSOLUTE.fullmatch(target):
        host, path = absolute[1], absolute[2]
        target = path if path.startswith("/") else f"/{path}"
    own = tuple(sorted((name, value) for name, value in headers if _OWN.fullmatch(name)))
    return Request(method, host.lower().rpartition("@")[2].partition(":")[0], target, body, own)


def read(raw: bytes) -> list[Request]:
    """The requests in the bytes, up to the first that h11 refuses."""
    found = []
    with contextlib.suppress(h11.RemoteProtocolError):
        while raw := _without_empty_lines(raw):
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
            connection.receive_data(raw)
            request = _one(connection)
            if request is None:
                break
            found.append(of_event(*request))
            raw = (
                connection.trailing_data[0]
                if connection.their_state is not h11.MUST_CLOSE or _is_kept(request[0])
                else b""
            )
    return found


def _is_kept(request: h11.Request) -> bool:
    """Whether it is one of HTTP/1.0 that asks for the connection to be kept, which h11 does not know."""
    return request.http_version == b"1.0" and (b"connection", b"keep-alive") in list(request.headers)


def _one(connection: h11.Connection) -> tuple[h11.Request, bytes] | None:
    """The next request and its body; None if it is not whole."""
    head, body = None, b""
    while True:
        match connection.next_event():
            case h11.Request() as head:
                pass
            case h11.Data() as data:
                body += bytes(data.data)
            case h11.EndOfMessage() if head is not None:
                return head, body
            case _:
                return None


def _without_empty_lines(raw: bytes) -> bytes:
    """RFC 9112, 2.2 lets a server skip them before a request; h11 does not."""
    while raw.startswith(b"\r\n"):
        raw = raw[2:]
    return raw
