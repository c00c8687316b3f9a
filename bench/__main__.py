"""`python -m bench`: compares data planes; a table, and bench.json. `--table FILE` makes Markdown of such a file."""

import argparse
import json
import os
import sys
from pathlib import Path

from bench import cases, inside, markdown, needs, planes, table
from bench.load import NotUnderstood
from bench.processes import BenchFailed
from bench.run import profile, run, teach

_RESULT = Path("bench.json")


def main() -> int:
    options = _options()
    if options.table:
        print("\n".join(markdown.lines(json.loads(options.table.read_text()))))
        return 0
    effort = cases.quick() if options.quick else cases.full()
    if options.list:
        print("\n".join(effort.names()))
        return 0
    if options.binary:
        os.environ["HAUBERK_PROXY_BINARY"] = str(options.binary.resolve())
    effort = effort.restricted(options.case or [], options.seconds, options.rounds)
    if not (effort.cases if options.flamegraph or options.train else effort.names()):
        sys.stderr.write("error: no case has such a name. Try: --list\n")
        return 2
    try:
        if not options.inside:
            needs.find()
            return inside.enter(["--inside", *sys.argv[1:]])
        if options.flamegraph:
            profile(effort.cases[0], effort.seconds, options.flamegraph)
            return 0
        if options.train:
            teach(effort, options.train)
            return 0
        report = run(effort, options.only or planes.NAMES)
    except (needs.Missing, BenchFailed, NotUnderstood) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print("\n".join(table.lines(report)))
    _RESULT.write_text(json.dumps(report.document(), indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Compares data planes; writes bench.json.")
    parser.add_argument("--quick", action="store_true", help="a few minutes, to see that everything works")
    parser.add_argument("--only", action="append", choices=planes.NAMES, help="this plane; may be repeated")
    parser.add_argument("--case", action="append", metavar="NAME", help="this case or question, such as http1-100-50, "
                        "'grpc-*' or memory; may be repeated")  # fmt: skip
    parser.add_argument("--seconds", type=_positive, help="of one measurement")
    parser.add_argument("--rounds", type=_positive, help="whose median counts")
    parser.add_argument("--binary", type=Path, help="the proxy [default: HAUBERK_PROXY_BINARY, or the one installed]")
    parser.add_argument("--list", action="store_true", help="the names that --case takes")
    parser.add_argument("--table", type=Path, metavar="FILE", help="prints Markdown of an earlier run's bench.json")
    parser.add_argument("--flamegraph", type=Path, metavar="FILE", help="draws where the time of one --case goes")
    parser.add_argument("--train", type=Path, metavar="FOLDER", help="of instrumented builds, for `make pgo`")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
