"""Stands in for `hauberk`: `up` and `run` last until SIGTERM and then write who they were to a diary, in order.

`run --name stubborn` does not listen to SIGTERM, `run --name fragile` ends at once.
"""

import os
import signal
import sys
from pathlib import Path

DIARY = Path(os.environ["DIARY"])


def note(text: str) -> None:
    with DIARY.open("a") as diary:
        diary.write(f"{text}\n")


def live(name: str) -> None:
    signals = {signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    sys.stdout.write(f"{name} is here\n")
    sys.stdout.flush()
    while True:
        signal.sigwait(signals)
        if name != "stubborn":
            break
    note(f"end {name}")


def main() -> int:
    command, rest = sys.argv[1], sys.argv[2:]
    if command == "apply":
        sys.stderr.write(f"cannot apply {rest[-1]}\n")
        return 3
    name = rest[rest.index("--name") + 1] if command == "run" else command
    if name == "fragile":
        sys.stderr.write("I am out of luck\n")
        return 4
    live(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
