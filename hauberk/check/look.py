"""Gathers the facts of the control plane on this machine."""

import asyncio
import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from hauberk.check.certificate import NotACertificate, from_pem
from hauberk.check.identity import AuthorityFacts
from hauberk.check.store import StoreFacts
from hauberk.client.api import Client
from hauberk.client.errors import ApiError
from hauberk.config.groups import Config
from hauberk.config.load import load
from hauberk.identity.signer import AuthorityDeclined, AuthorityUnavailable, Signer
from hauberk.model.kinds import KINDS

_TIMEOUT_S = 3.0


def settings_of(environ: Mapping[str, str], api_socket: Path) -> Config:
    """The settings of the control plane behind a socket, as far as they can be known: those of whoever owns it.

    Raises SettingInvalid and OSError.
    """
    owner = api_socket.stat().st_uid
    known = {"HAUBERK_RUNTIME_DIR": str(api_socket.resolve().parent), **environ}
    if owner != os.geteuid():
        known["HOME"] = pwd.getpwuid(owner).pw_dir
        known.pop("XDG_STATE_HOME", None)
    return load(known, {}, uid=owner)


async def socket_error(path: Path) -> str | None:
    """Why nobody answers on a Unix socket; None if somebody does."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            _, writer = await asyncio.open_unix_connection(path)
    except TimeoutError:
        return f"{path}: no answer within {_TIMEOUT_S:.0f} s"
    except OSError as error:
        return f"{path}: {_reason(error)}"
    writer.close()
    return None


async def http_error(address: str, port: int, path: str) -> str | None:
    """Why an HTTP/1.1 GET is not answered with 200; None if it is."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
                status = (await reader.read(64)).split(b"\r\n")[0].decode("latin-1")
            finally:
                writer.close()
    except TimeoutError:
        return f"no answer within {_TIMEOUT_S:.0f} s"
    except OSError as error:
        return _reason(error)
    return None if status.split(" ")[1:2] == ["200"] else f"it answers {status!r}"


async def authority(socket: Path) -> AuthorityFacts:
    """What the authority says of itself."""
    try:
        described = await Signer(socket, timeout_s=_TIMEOUT_S).describe()
        return AuthorityFacts(roots=from_pem(described.trust_anchors), issuer_until=described.issuer_until)
    except (AuthorityUnavailable, AuthorityDeclined, NotACertificate) as error:
        return AuthorityFacts(error=str(error))


async def store(client: Client, path: Path) -> StoreFacts:
    """What is known of the store through its server, and of its file."""
    read_error = None
    try:
        for kind in (kind for kind in KINDS if kind.on_machines):
            await client.list(kind)
    except ApiError as error:
        read_error = str(error)
    return await asyncio.to_thread(_file, path, read_error)


def _file(path: Path, read_error: str | None) -> StoreFacts:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        room = os.statvfs(path)
    except OSError as error:
        return StoreFacts(str(path), read_error, _reason(error))
    return StoreFacts(str(path), read_error, mode=mode, free_bytes=room.f_bavail * room.f_frsize)


def _reason(error: OSError) -> str:
    """The system's words; asyncio has its own, which name the address once more."""
    return os.strerror(error.errno) if error.errno else str(error)
