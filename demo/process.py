"""A child process of the demo: its lines are handed on as they come, its last words are kept for an error message."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from hauberk.runtime.tasks import spawn

LAST_WORDS_MAX = 20
LINE_BYTES_MAX = 1 << 16
STOP_TIMEOUT_S = 8.0
LAST_LINES_TIMEOUT_S = 1.0


class Child:
    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS_MAX)
        self._process = process
        self._readers: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls,
        name: str,
        argv: Sequence[str],
        group: asyncio.TaskGroup,
        on_line: Callable[[str], None] | None = None,
    ) -> Self:
        """Starts the program. Its standard output goes to `on_line`, or to the last words like its standard error."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES_MAX,
            # Ctrl-C reaches the demo alone; it then ends everything in order.
            start_new_session=True,
        )
        child = cls(name, process)
        for stream, take in (
            (process.stdout, on_line or child.last_words.append),
            (process.stderr, child.last_words.append),
        ):
            child._readers.append(spawn(group, child._read(stream, take), name=f"lines of {name}"))
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        """The exit code, once it has ended and what it said is read."""
        code = await self._process.wait()
        # Somebody else may still hold the pipes open.
        await asyncio.wait(self._readers, timeout=LAST_LINES_TIMEOUT_S)
        return code

    def signal(self, number: signal.Signals) -> None:
        if self.running:
            self._process.send_signal(number)

    async def stop(self) -> None:
        """SIGTERM, and after a while SIGKILL."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
        await self.wait()

    def obituary(self) -> str:
        """What to say when it ended and should not have."""
        said = "\n".join(f"    {line}" for line in self.last_words)
        return f"{self.name} ended with {self.exit_code}; its last words:\n{said}"

    async def _read(self, stream: asyncio.StreamReader | None, take: Callable[[str], object]) -> None:
        if stream is None:
            return
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line beyond the limit: its beginning is dropped
                continue
            if not line:
                return
            take(line.decode("utf-8", "replace").rstrip("\n"))


def find_program(ancestor: int, word: str) -> int | None:
    """The process below `ancestor` that has `word` among its arguments."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
    for pid in parents:
        if pid != ancestor and _descends(pid, ancestor, parents) and word in _arguments(pid):
            return pid
    return None


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    for _ in range(len(parents)):
        pid = parents.get(pid, 0)
        if pid == ancestor:
            return True
        if pid == 0:
            return False
    return False


def _arguments(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""
