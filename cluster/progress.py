"""What happens, in lines, for the person who waits."""

import sys
import time


class Progress:
    """Lines on standard error, each with the seconds since the command began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - self._began:7.2f} s] {text}\n")
        sys.stderr.flush()
