"""A bearer token that somebody keeps fresh in a file."""

import os
from pathlib import Path

from hauberk.client.errors import Misconfigured

_BYTES_MAX = 1024 * 1024


class TokenFile:
    """Called before each request; reads the file again as soon as it is another one.

    Kubelet replaces a projected token by renaming a link, which makes it another inode, long before the old one
    expires; a file that is written in place has another time or size.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] = ()
        self._token = ""

    def __call__(self) -> str:
        """Raises Misconfigured."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                now = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
                if now != self._seen:
                    self._token = file.read(_BYTES_MAX).decode("ascii").strip()
                    self._seen = now
        except OSError as error:
            raise Misconfigured(f"the token file {self._path} cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise Misconfigured(f"the token file {self._path} does not hold a token") from error
        if not self._token:
            raise Misconfigured(f"the token file {self._path} is empty")
        return self._token
