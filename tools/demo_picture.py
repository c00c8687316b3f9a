"""Draws docs/demo.svg from a real run: `FORCE_COLOR=1 python -m demo --once | tools/demo_picture.py`."""

import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).resolve().parent.parent / "docs" / "demo.svg"


def main() -> None:
    lines = sys.stdin.read().rstrip()
    width = max(len(Text.from_ansi(line).plain) for line in lines.splitlines())
    console = Console(record=True, width=width, file=sys.stderr, force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(lines))
    console.save_svg(str(TARGET), title="sudo make demo ONCE=1")


if __name__ == "__main__":
    main()
