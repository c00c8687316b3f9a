"""What the kernel says of the timers of sockets (ss(8))."""

import re
import subprocess

_KEEP_ALIVE = re.compile(r"timer:\(keepalive,(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?,\d+\)")
"""As in `119min`, `1min39sec`, `9.980ms` (which means seconds before the point) and `980ms`."""


def established(pid: int, *which: str) -> list[str]:
    """A line for each connection in the network of the process that the filter lets through."""
    words = ["nsenter", "--target", str(pid), "--net", "--", "ss", "-tnoH", "state", "established", *which]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def is_at_rest(line: str) -> bool:
    """Whether all that was sent is acknowledged; until it is, no other timer is shown."""
    return line.split()[1] == "0" and "timer:(on," not in line


def keep_alive_s(line: str) -> float | None:
    """How long until the peer is asked whether it is there; None where it never is."""
    found = _KEEP_ALIVE.search(line)
    if found is None:
        return None
    minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return minutes * 60 + seconds + milliseconds / 1000
