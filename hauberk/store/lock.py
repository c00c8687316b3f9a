"""One process at a time: the lock of a store's file."""

import fcntl
import os
from pathlib import Path

from hauberk.store.protocol import StoreUnavailable


class FileLock:
    """Held until `release`, or until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside the file `path`; raises StoreUnavailable if another process holds it."""
        place = path.with_name(f"{path.name}.lock")
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = "see whether the directory is yours; HAUBERK_STATE_DIR names another"
            raise StoreUnavailable(f"{place} cannot be opened ({error.strerror})", hint) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            who = f"process {holder}" if holder else "another process"
            hint = "stop that control plane first, or choose another state directory with HAUBERK_STATE_DIR"
            raise StoreUnavailable(f"{who} uses {path} already", hint) from None
        self._sign()

    def release(self) -> None:
        os.close(self._descriptor)

    def _sign(self) -> None:
        """Say who holds it, for the message above; without effect on a full disk."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return
