"""Where an API is: a Unix socket of this machine or, by the same client, a TCP address with TLS and a token."""

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SOCKET_NAME = "api.sock"


@dataclass(frozen=True)
class UnixEndpoint:
    """A Unix socket. The server knows the caller by its uid, so nothing else is sent."""

    path: Path

    @property
    def base_url(self) -> str:
        return "http://hauberk"

    def __str__(self) -> str:
        return str(self.path)


Token = Callable[[], str] | Callable[[], Awaitable[str]]
"""Gives the bearer token of this moment; an empty one is not sent. Raises Misconfigured."""


@dataclass(frozen=True)
class TcpEndpoint:
    """An address such as `https://10.0.0.1:6443`.

    `token` is asked before every request, because bound tokens are replaced while the client runs; it never appears in
    a representation of this object.
    """

    url: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)
    server_name: str | None = None
    """Whom the server's certificate has to name, where that is not the host of `url`."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request: in whose name it is made."""

    @property
    def base_url(self) -> str:
        return self.url.rstrip("/")

    def __str__(self) -> str:
        return self.url


Endpoint = UnixEndpoint | TcpEndpoint


def socket_candidates(environ: Mapping[str, str], *, explicit: str | None = None) -> Sequence[Path]:
    """The sockets to try, best first. One that is named, by argument or by `HAUBERK_SOCKET`, is the only one."""
    named = explicit or environ.get("HAUBERK_SOCKET")
    if named:
        return [Path(named)]
    candidates = [Path("/run/hauberk") / SOCKET_NAME]
    if runtime_dir := environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(runtime_dir) / "hauberk" / SOCKET_NAME)
    if (sudo_uid := environ.get("SUDO_UID", "")).isdecimal():
        candidates.append(Path("/run/user") / sudo_uid / "hauberk" / SOCKET_NAME)
    return list(dict.fromkeys(candidates))
