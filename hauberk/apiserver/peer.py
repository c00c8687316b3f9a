"""Who is calling: the kernel's word on the process at the other end of a Unix socket."""

import socket
import struct
from asyncio import BaseTransport
from dataclasses import dataclass

_UCRED = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


@dataclass(frozen=True)
class Caller:
    """The credentials that the peer had when it connected (SO_PEERCRED)."""

    uid: int
    gid: int
    pid: int


def caller_of(transport: BaseTransport | None) -> Caller | None:
    """Return the peer of a connection, or None when the connection is closed or is not a Unix socket."""
    if transport is None:
        return None
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is None or sock.family != socket.AF_UNIX:
        return None
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    except OSError:
        return None
    pid, uid, gid = _UCRED.unpack(raw)
    return Caller(uid=uid, gid=gid, pid=pid)
