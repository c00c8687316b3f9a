"""The authority's process: `python -m hauberk.identity.authority FD`, started by the control plane.

`FD` is its listening Unix socket. The first line of standard input says what it is to be (`AuthoritySpec`, JSON);
standard input then stays open, and its end is the end of the process, so that a killed control plane leaves nobody who
signs. Only the user who started it is served.
"""

import asyncio
import logging
import os
import resource
import socket
import struct
import sys
from datetime import timedelta
from pathlib import Path

import msgspec

from hauberk.identity.ca import CertificateAuthority, Issuers, OwnIssuers
from hauberk.identity.given import GivenIssuers, IssuerFiles
from hauberk.identity.keeping import AuthorityUnusable
from hauberk.identity.protocol import Garbled, framed, read_question
from hauberk.identity.renewal import Lifetimes
from hauberk.runtime import logs
from hauberk.runtime.clock import Clock, SystemClock

EXIT_UNUSABLE = 78
"""EX_CONFIG of sysexits.h: it makes no sense to start it again with the same files."""

_IDLE_S = 30.0
_CONNECTIONS_MAX = 64
_UCRED = struct.Struct("3i")

log = logging.getLogger(__name__)


class AuthoritySpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the process is told; no secrets."""

    directory: str
    name: str
    leaf: timedelta
    issuer: timedelta
    root: timedelta
    skew: timedelta
    renew_at: float
    trust_anchors_file: str | None = None
    issuer_certificate_file: str | None = None
    issuer_key_file: str | None = None
    log_level: str = "info"


class Desk:
    """Takes questions at a socket."""

    def __init__(self, authority: CertificateAuthority, *, clock: Clock, uid: int) -> None:
        """Only callers of the user `uid` are answered."""
        self._authority = authority
        self._clock = clock
        self._uid = uid
        self._connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= _CONNECTIONS_MAX and self._is_ours(writer.get_extra_info("socket")):
                await self._answer(reader, writer)
        except (Garbled, TimeoutError, OSError) as error:
            log.warning("a caller is cut off: %s", error or type(error).__name__)
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(_IDLE_S):
                question = await read_question(reader)
                if question is None:
                    return
                writer.write(framed(self._authority.answer(question, now=self._clock.now())))
                await writer.drain()

    def _is_ours(self, sock: socket.socket) -> bool:
        _, uid, _ = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        if uid != self._uid:
            log.warning("uid %d is not served", uid)
        return bool(uid == self._uid)


def build(spec: AuthoritySpec, *, clock: Clock) -> CertificateAuthority:
    """Raises AuthorityUnusable."""
    lifetimes = Lifetimes(leaf=spec.leaf, issuer=spec.issuer, root=spec.root, skew=spec.skew, renew_at=spec.renew_at)
    issuers: Issuers
    if spec.trust_anchors_file and spec.issuer_certificate_file and spec.issuer_key_file:
        issuers = GivenIssuers(
            IssuerFiles(Path(spec.trust_anchors_file), Path(spec.issuer_certificate_file), Path(spec.issuer_key_file))
        )
    else:
        issuers = OwnIssuers(Path(spec.directory), spec.name, lifetimes, now=clock.now())
    return CertificateAuthority(issuers, lifetimes)


async def serve(authority: CertificateAuthority, sock: socket.socket, *, clock: Clock) -> None:
    """Answer until standard input ends."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: _drain(ended))
    desk = Desk(authority, clock=clock, uid=os.geteuid())
    server = await asyncio.start_unix_server(desk.serve, sock=sock)
    await ended.wait()
    server.close()


def _drain(ended: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        ended.set()


def main(argv: list[str]) -> int:
    # No copy of the keys in a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    clock = SystemClock()
    try:
        spec = msgspec.json.decode(_first_line(), type=AuthoritySpec)
        sock = socket.socket(fileno=int(argv[1]))
    except (msgspec.DecodeError, IndexError, ValueError, OSError) as error:
        sys.stderr.write(f"the authority is started by the control plane, not by hand: {error}\n")
        return os.EX_USAGE
    logs.begin(spec.log_level)
    try:
        authority = build(spec, clock=clock)
    except AuthorityUnusable as error:
        log.error("the authority cannot work: %s", error)  # noqa: TRY400 - the message says it all
        return EXIT_UNUSABLE
    asyncio.run(serve(authority, sock, clock=clock))
    return 0


def _first_line() -> bytes:
    """Read to the end of the line and not further, past every buffer."""
    line = bytearray()
    while (byte := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += byte
    return bytes(line)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
