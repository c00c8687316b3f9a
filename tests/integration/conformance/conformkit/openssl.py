"""`openssl s_client`, led by its commands."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meshkit.until import until
from meshkit.workload import Workload

from conformkit.surface import NAME

UPDATED = "KeyUpdate"
"""How it calls a message that announces new keys (`-msg`)."""


class Client:
    """What it is told by lines, and what it says of its connection."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._said = bytearray()
        self._reading = threading.Thread(target=self._read, name="s_client")
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while more := self._process.stdout.read1():  # type: ignore[attr-defined] # it is buffered
            self._said += more

    def said(self) -> str:
        return bytes(self._said).decode(errors="replace")

    def tell(self, text: bytes) -> None:
        """Send, or if it is one of its letters and a line of its own, do."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def count(self, direction: str, message: str) -> int:
        """How many messages went out (`>>>`) or came (`<<<`)."""
        return sum(line.startswith(direction) and message in line for line in self.said().splitlines())

    def update_keys(self, *, both: bool) -> None:
        """Use new keys, and ask the other side for its own."""
        before = self.count(">>>", UPDATED)
        self.tell(b"K\n" if both else b"k\n")
        until("new keys are announced", lambda: self.count(">>>", UPDATED) == before + 1, seen=self.said)

    def end(self) -> int:
        """Close the connection in good order, and return its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(20)
        self._reading.join()
        return code


@contextmanager
def s_client(workload: Workload, port: int, alpn: tuple[str, ...], credentials: Path, *more: str) -> Iterator[Client]:
    """Connected to that port of the workload, as the owner of the credentials."""
    options = [word for name in alpn for word in ("-alpn", name)]
    words = [
        *("openssl", "s_client", "-connect", f"{workload.ip}:{port}", "-servername", NAME, "-msg"),
        *("-cert", str(credentials), "-key", str(credentials), "-cert_chain", str(credentials), *options, *more),
    ]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield Client(process)
        finally:
            process.kill()
