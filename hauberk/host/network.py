"""The machine's network, as far as runners change it: under one lock, by `ip`."""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hauberk.host.failure import SetupFailed

_NAMESPACE = "/proc/self/ns/net"
_LOCK_TIMEOUT_S = 15.0
_LOCK_INTERVAL_S = 0.005
_IP_TIMEOUT_S = 10.0


@contextmanager
def locked() -> Iterator[None]:
    """Holds the lock that all who change the network agree on: flock(2) on the namespace itself."""
    descriptor = os.open(_NAMESPACE, os.O_RDONLY)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def remove_link(name: str) -> None:
    """Takes an interface away; does nothing where there is none."""
    _ip("link", "del", name)


def remove_bridge(name: str) -> None:
    """Takes a bridge away that joins nothing any more."""
    ports = _ip("-oneline", "link", "show", "master", name)
    if ports is not None and not ports.strip():
        _ip("link", "del", name)


def _lock(descriptor: int) -> None:
    until = time.monotonic() + _LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise SetupFailed(
                    f"another runner has been changing the network for {_LOCK_TIMEOUT_S:.0f} s",
                    hint="look for a hanging `ip` or `nft`: ps -ef | grep -w -e ip -e nft",
                ) from None
        time.sleep(_LOCK_INTERVAL_S)


def _ip(*arguments: str) -> str | None:
    """What `ip` prints; None if it failed, which for what is gone already is as good."""
    try:
        done = subprocess.run(
            ("ip", *arguments),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_IP_TIMEOUT_S,
            text=True,
        )
    except FileNotFoundError:
        raise SetupFailed("the program `ip` is not installed", hint="install iproute2") from None
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
