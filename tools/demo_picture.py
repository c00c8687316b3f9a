"""Draws docs/demo.svg from a real run: `FORCE_COLOR=1 python -m demo --once | python tools/demo_picture.py`.

Of the live table only the last one is kept; lines about this machine (who runs the programs) are left out.
"""

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).resolve().parent.parent / "docs" / "demo.svg"
OUTCOME = "All of the traffic"
_PROGRESS = re.compile(r"\s*\d+\.\d s  (?!the programs run as)")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-LN-Za-ln-z]")


def main() -> None:
    lines = _CONTROL.sub("", sys.stdin.read()).replace("\r", "\n").rstrip().splitlines()
    end = next(number for number, line in enumerate(lines) if OUTCOME in line)
    kept = [line for line in lines[:end] if _PROGRESS.match(Text.from_ansi(line).plain)] + lines[end:]
    width = max(len(Text.from_ansi(line).plain) for line in kept if not line.startswith("\x1b[32m√"))
    console = Console(record=True, width=width, file=sys.stderr, force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(kept)))
    console.save_svg(str(TARGET), title="sudo make demo ONCE=1")


if __name__ == "__main__":
    main()
