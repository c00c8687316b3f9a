"""The signals that ask the process to end."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_signal() -> Iterator[asyncio.Event]:
    """An event that is set by the first SIGTERM or SIGINT; a second one then ends the process at once.

    To be used in the main thread, inside of the running event loop.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def ask() -> None:
        asked.set()
        _restore(loop)  # whoever insists does not wait for an orderly end

    for number in SIGNALS:
        loop.add_signal_handler(number, ask)
    try:
        yield asked
    finally:
        _restore(loop)


def _restore(loop: asyncio.AbstractEventLoop) -> None:
    for number in SIGNALS:
        loop.remove_signal_handler(number)
