"""Logs: one line for each record on standard error, as `key=value` pairs (logfmt)."""

import logging
import sys
from datetime import UTC, datetime

LEVELS = ("debug", "info", "warning", "error")


class Logfmt(logging.Formatter):
    """The time in UTC with milliseconds, the level, where it comes from, and the message in quotes."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = f"{at} level={record.levelname.lower()} from={record.name} msg={_quoted(record.getMessage())}"
        if record.exc_info:
            line += f" trace={_quoted(self.formatException(record.exc_info))}"
        return line


def begin(level: str) -> None:
    """Log from this level on, one of LEVELS; replaces what was set before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Logfmt())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Each accepted connection is no event of ours.
    logging.getLogger("asyncio").setLevel(max(logging.WARNING, root.level))


def _quoted(text: str) -> str:
    """On one line, whatever a peer put into it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
