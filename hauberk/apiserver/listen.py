"""The Unix socket of the resource API: made so that nobody but its owner and root can ever connect."""

import os
import socket
import stat
from pathlib import Path

SOCKET_MODE = 0o600
DIRECTORY_MODE = 0o711
"""Proxies (uid 2102) pass through the runtime directory to their own files; they cannot list it or use the socket."""

_BACKLOG = 128
_PROBE_TIMEOUT_S = 2.0


class SocketUnusable(Exception):
    """The socket cannot be opened; the message says why and what to do."""


def listen(path: Path) -> socket.socket:
    """Bind and listen at `path`, replacing a socket that a dead server left. Raises SocketUnusable."""
    try:
        _prepare_directory(path.parent)
        _remove_stale(path)
        return _bind(path)
    except OSError as e:
        raise SocketUnusable(f"cannot open {path}: {e.strerror or e}; choose another with HAUBERK_SOCKET") from e


def _prepare_directory(directory: Path) -> None:
    if not directory.exists():
        directory.mkdir(parents=True)
        directory.chmod(DIRECTORY_MODE)
        return
    info = directory.stat()
    # Whoever may write the directory could put a socket of his own in the place of ours.
    if info.st_uid not in (0, os.geteuid()) or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SocketUnusable(
            f"{directory} can be written by others: make it belong to you alone (chmod go-w {directory}), "
            "or choose another with HAUBERK_RUNTIME_DIR"
        )


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketUnusable(f"{path} is not a socket: move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise SocketUnusable(f"a control plane already answers at {path}: stop it first, or use it")


def _bind(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # bind(2) makes the file with 0777 less the umask: with this one there is no moment at which others may connect.
    before = os.umask(0o777 & ~SOCKET_MODE)
    try:
        sock.bind(str(path))
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(before)
    sock.listen(_BACKLOG)
    sock.setblocking(False)
    return sock
