"""`python -m bench [--quick] [--only PLANE]… [--seconds N]`: compares data planes; a table, and bench.json."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from bench import cases, inside, needs, planes, table
from bench.load import NotUnderstood
from bench.processes import BenchFailed
from bench.run import run


def main() -> int:
    options = _options()
    try:
        if not options.inside:
            needs.find()
            return inside.enter(["--inside", *sys.argv[1:]])
        effort = cases.quick() if options.quick else cases.full()
        if options.seconds:
            effort = dataclasses.replace(effort, seconds=options.seconds)
        report = run(effort, options.only or planes.NAMES)
    except (needs.Missing, BenchFailed, NotUnderstood) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print("\n".join(table.lines(report)))
    Path("bench.json").write_text(json.dumps(report.document(), indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Compares data planes; writes bench.json.")
    parser.add_argument("--quick", action="store_true", help="two minutes, to see that everything works")
    parser.add_argument("--only", action="append", choices=planes.NAMES, help="this plane; may be repeated")
    parser.add_argument("--seconds", type=int, help="of one measurement")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
