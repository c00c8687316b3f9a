"""The results for people."""

from collections.abc import Iterator, Sequence

from bench.goals import Goal
from bench.machine import QUIET, Machine
from bench.mesh import ControlPlane
from bench.planes import RELAY
from bench.report import Report
from bench.result import Result

_HEADS = ("", "CPU µs/request", "of relay", "requests/s", "p50 µs", "p99 µs", "RSS MB", "anonymous", "errors")
_STEADY_HEADS = ("p50 µs", "p99 µs", "errors")
_WIDTHS = (12, 15, 10, 12, 10, 10, 8, 11, 8)
_STEADY_WIDTHS = (10, 9, 7)


def lines(report: Report) -> Iterator[str]:
    yield from _machine(report.machine, report.results)
    yield f"Builds: {', '.join(report.binaries.values())}"
    yield "Compare what stands in one run only."
    for case in dict.fromkeys(result.case for result in report.results):
        yield ""
        yield from _case([result for result in report.results if result.case == case])
    yield ""
    yield from _mesh(report.control_plane, report.supervisor_mb)
    yield ""
    yield from _goals(report.goals)


def _machine(machine: Machine, results: Sequence[Result]) -> Iterator[str]:
    yield f"{machine.cpu}, {machine.cores} cores, Linux {machine.kernel}"
    verdict = "quiet" if machine.quiet else f"BUSY (a quiet machine has at most {QUIET}): these figures are not valid"
    yield f"Load average before the start: {machine.load_average:.2f}, {verdict}"
    foreign = max(found.foreign for result in results for found in (result.saturated, result.steady) if found)
    yield f"Others on the proxies' core while they were measured: at most {foreign:.0%}"


def _case(results: Sequence[Result]) -> Iterator[str]:
    steady = results[0].steady is not None
    at = f"; right: at {results[0].steady_per_s:,} requests/s" if steady else ""
    yield f"{results[0].case}{at}"
    yield _row(_HEADS, _STEADY_HEADS if steady else ())
    relay = next((r.saturated.cpu_us_per_request for r in results if r.plane == RELAY), None)
    for result in results:
        yield _row(_cells(result, relay), _steady_cells(result))


def _cells(result: Result, relay: float | None) -> tuple[str, ...]:
    found = result.saturated
    cpu = found.cpu_us_per_request
    return (
        result.plane,
        _number(cpu, 1),
        _number(cpu / relay if cpu is not None and relay else None, 2),
        _number(found.requests_per_s),
        _number(found.p50_us),
        _number(found.p99_us),
        _number(found.rss_mb, 1),
        _number(found.anonymous_mb, 1),
        str(found.errors),
    )


def _steady_cells(result: Result) -> tuple[str, ...]:
    if result.steady is None:
        return ()
    return (_number(result.steady.p50_us), _number(result.steady.p99_us), str(result.steady.errors))


def _row(cells: Sequence[str], steady: Sequence[str]) -> str:
    left = [cells[0].ljust(_WIDTHS[0]), *(c.rjust(w) for c, w in zip(cells[1:], _WIDTHS[1:], strict=True))]
    right = [c.rjust(w) for c, w in zip(steady, _STEADY_WIDTHS, strict=True)] if steady else []
    return "  ".join(["".join(left), "".join(right)]).rstrip()


def _mesh(control_plane: ControlPlane, supervisor_mb: float) -> Iterator[str]:
    starts = f"median of {control_plane.starts} starts" if control_plane.starts > 1 else "one start"
    yield f"Control plane: ready after {control_plane.ready_s:.2f} s ({starts}), RSS {control_plane.rss_mb:.0f} MB"
    yield f"Supervisor beside a program and its proxy: RSS {supervisor_mb:.1f} MB"


def _goals(goals: Sequence[Goal]) -> Iterator[str]:
    yield "Goals"
    for goal in goals:
        word = "met" if goal.met else "MISSED"
        yield f"  {word:7} {goal.value:8.2f}, at most {goal.maximum:6.2f}  {goal.what}"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
