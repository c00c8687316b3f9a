"""`python -m bench`: compares data planes; a table, and bench.json, of which --table and --readme make Markdown."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench import cases, inside, markdown, needs, planes, readme, table, verdict
from bench.load import NotUnderstood
from bench.processes import BenchFailed
from bench.run import profile, run, teach

_RESULT = Path("bench.json")
_CODES = "Exit code: 0; 1 if the run failed, or with --strict if a goal was missed; 2 for wrong arguments."


def main() -> int:
    options = _options()
    if options.table or options.readme:
        return _tell(options)
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
    document = report.document()
    _RESULT.write_text(json.dumps(document, indent=2) + "\n")
    return _code(document, options)


def _tell(options: argparse.Namespace) -> int:
    """Of an earlier run."""
    source: Path = options.table or _RESULT
    try:
        document = json.loads(source.read_text())
        if options.readme:
            options.readme.write_text(readme.placed(options.readme.read_text(), document))
        else:
            print("\n".join(markdown.lines(document)))
    except (OSError, ValueError, readme.NotFit) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return _code(document, options)


def _code(document: dict[str, Any], options: argparse.Namespace) -> int:
    """Goals count only where somebody asked for that: on most machines a few of them are missed."""
    complaint = verdict.complaint(document) if options.strict else None
    if complaint is None:
        return 0
    sys.stderr.write(f"error: {complaint}\n")
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Compares data planes; writes bench.json.", epilog=_CODES
    )
    parser.add_argument("--quick", action="store_true", help="a few minutes, to see that everything works")
    parser.add_argument("--only", action="append", choices=planes.NAMES, help="this plane; may be repeated")
    parser.add_argument("--case", action="append", metavar="NAME", help="this case or question, such as http1-100-50, "
                        "'grpc-*' or memory; may be repeated")  # fmt: skip
    parser.add_argument("--seconds", type=_positive, help="of one measurement")
    parser.add_argument("--rounds", type=_positive, help="whose median counts")
    parser.add_argument("--binary", type=Path, help="the proxy [default: HAUBERK_PROXY_BINARY, or the one installed]")
    parser.add_argument("--list", action="store_true", help="the names that --case takes")
    parser.add_argument("--table", type=Path, metavar="FILE", help="prints Markdown of an earlier run's bench.json")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="puts the short table of an earlier run "
                        "(bench.json, or --table's file) between the markers in this one")  # fmt: skip
    parser.add_argument("--strict", action="store_true", help="exit code 1 if a goal is missed; says which")
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
