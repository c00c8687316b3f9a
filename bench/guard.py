"""`python -m bench.guard [--write] PARTS`: counts the instructions of the fast path's parts, and compares.

Instructions, unlike time, are the same on a busy machine: they can be guarded where everything else is checked. They
are not time, though: what waits for memory costs more than it seems here.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

BASELINE = Path(__file__).parent / "parts" / "baseline.json"
BAND = 0.10
"""How far a figure may be above its baseline: another compiler or library changes it by a few per cent."""
_FEW, _MANY = 100, 1100
"""Repetitions of two runs; their difference is free of what is done once."""
_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description="Guards the fast path's parts.")
    parser.add_argument("--write", action="store_true", help=f"make these figures the new {BASELINE.name}")
    parser.add_argument("binary", type=Path, help="the program `parts`, optimized")
    options = parser.parse_args()
    names = subprocess.run([options.binary], capture_output=True, text=True, check=True).stdout.split()
    counted = {name: _each(options.binary, name) for name in names}
    if options.write:
        BASELINE.write_text(json.dumps(counted, indent=2) + "\n")
    baseline = json.loads(BASELINE.read_text())
    print("\n".join(table(counted, baseline)))
    wrong = list(complaints(counted, baseline))
    sys.stderr.writelines(f"error: {line}\n" for line in wrong)
    return 1 if wrong else 0


def table(counted: Mapping[str, int], baseline: Mapping[str, int]) -> Iterator[str]:
    for name, count in counted.items():
        before = f"{count / baseline[name] - 1:+7.1%} of {baseline[name]:,}" if name in baseline else "    new"
        yield f"{name:20} {count:8,} instructions {before}"


def complaints(counted: Mapping[str, int], baseline: Mapping[str, int]) -> Iterator[str]:
    """What is slower than before, and what the two do not have in common."""
    advice = "if that is wanted: make bench-parts ARGS=--write, and say why in the commit"
    for name, count in counted.items():
        if name not in baseline:
            yield f"{name} has no baseline; {advice}"
        elif count > baseline[name] * (1 + BAND):
            yield f"{name} takes {count:,} instructions instead of {baseline[name]:,}; {advice}"
    for name in baseline.keys() - counted.keys():
        yield f"{name} is not measured any more; {advice}"


def _each(binary: Path, name: str) -> int:
    """Of one repetition."""
    few, many = (_instructions(binary, name, times) for times in (_FEW, _MANY))
    return round((many - few) / (_MANY - _FEW))


def _instructions(binary: Path, name: str, times: int) -> int:
    argv = [*_VALGRIND, str(binary), name, str(times)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    return read(said)


def read(said: str) -> int:
    """The instructions that the program took. Raises ValueError."""
    found = re.search(r"I\s+refs:\s+([\d,]+)", said)
    if found is None:
        raise ValueError(f"valgrind counted nothing:\n{said}")
    return int(found[1].replace(",", ""))


if __name__ == "__main__":
    sys.exit(main())
