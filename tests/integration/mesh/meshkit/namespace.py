"""Sockets of another network namespace, made by a thread that visits it."""

import contextlib
import ctypes
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_SO_NETNS_COOKIE = 71  # asm-generic/socket.h
_OWN = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


def identify(pid: int) -> int:
    """What tells the network namespace of a process from all others that there ever were, unlike its inode."""
    with visiting(pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8), sys.byteorder)


def present() -> set[int]:
    """The network namespaces of all processes, identified in that way."""
    of_inode: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                inode = (entry / "ns" / "net").stat().st_ino
                if inode not in of_inode:
                    of_inode[inode] = identify(int(entry.name))
    return set(of_inode.values())


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


@contextmanager
def sockets_of(uid: int) -> Iterator[None]:
    """What this thread opens or accepts is, for the packet filter, the user's."""
    _libc.setfsuid(uid)
    try:
        yield
    finally:
        _libc.setfsuid(os.geteuid())


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
