"""Sockets of another network namespace, made by a thread that visits it."""

import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_OWN = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


def identify(pid: int) -> int:
    """What tells the network namespace of a process from others."""
    return Path(f"/proc/{pid}/ns/net").stat().st_ino


@contextmanager
def visiting(pid: int) -> Iterator[None]:
    """Be, as a thread, in the network namespace of the process; what is opened belongs there and stays there."""
    home = os.open(_OWN, os.O_RDONLY)
    try:
        _enter(f"/proc/{pid}/ns/net")
        try:
            yield
        finally:
            _set(home)
    finally:
        os.close(home)


def connect(pid: int, address: tuple[str, int], *, timeout_s: float = 10.0) -> socket.socket:
    """A TCP connection as the program of that namespace would open it. Raises OSError."""
    with visiting(pid):
        return socket.create_connection(address, timeout=timeout_s)


def _enter(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _set(descriptor)
    finally:
        os.close(descriptor)


def _set(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"setns in {threading.current_thread().name}: {os.strerror(code)}")
