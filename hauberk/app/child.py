"""A program that the control plane keeps running beside itself."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hauberk.app.failure import StartFailed
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.clock import Clock

log = logging.getLogger(__name__)

_STOP_S = 4.0
_STEADY_S = 10.0
_TETHER = Path(__file__).with_name("tether.py")


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is run. Its output is that of the control plane."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    greeting: bytes | None = None
    """Written to its standard input, which then stays open for as long as the control plane lives."""
    descriptors: Sequence[int] = field(default=())
    """That it inherits."""
    hopeless: int | None = None
    """The exit code by which it says that another start makes no sense."""


class Child:
    """Runs a program, and again when it ends. It never outlives this process."""

    def __init__(self, program: Program, *, clock: Clock, backoff: Backoff) -> None:
        self._program = program
        self._clock = clock
        self._backoff = backoff
        self._process: asyncio.subprocess.Process | None = None
        self.proven = False
        """Set by whoever saw it work: from then on no exit code is hopeless."""

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def run(self) -> None:
        """Until cancelled; then the program is asked to end, and made to after 4 s. Raises StartFailed."""
        try:
            while True:
                began = self._clock.monotonic()
                code = await self._once()
                if code == self._program.hopeless and not self.proven:
                    raise StartFailed(f"the {self._program.name} cannot start", hint="its own message, above, says why")
                if self._clock.monotonic() - began > _STEADY_S:
                    self._backoff.reset()
                pause_s = next(self._backoff)
                log.warning("the %s ended (%s), and starts again in %.1f s", self._program.name, _shown(code), pause_s)
                await asyncio.sleep(pause_s)
        finally:
            await self._stop()

    async def _once(self) -> int:
        program = self._program
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_TETHER), str(os.getpid())),
                *program.argv,
                stdin=asyncio.subprocess.DEVNULL if program.greeting is None else asyncio.subprocess.PIPE,
                stdout=sys.stderr,
                env=dict(program.environ),
                pass_fds=program.descriptors,
                # Ctrl-C is for the control plane, which ends its children in order.
                start_new_session=True,
            )
        except OSError as error:
            log.warning("the %s cannot be started: %s", program.name, error)
            return os.EX_OSERR
        log.debug("the %s is process %d", program.name, self._process.pid)
        if self._process.stdin is not None and program.greeting is not None:
            with suppress(ConnectionError):
                self._process.stdin.write(program.greeting)
                await self._process.stdin.drain()
        return await self._process.wait()

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            log.warning("the %s does not end in %.0f s, and is killed", self._program.name, _STOP_S)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _shown(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
