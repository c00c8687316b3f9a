"""The results for people, on a terminal."""

from collections.abc import Iterator, Sequence

from bench import goals
from bench.goals import Facts, Goal
from bench.machine import QUIET
from bench.memory import Memory
from bench.planes import RELAY
from bench.report import Report
from bench.result import Result, Summary, cpu_ratio

_HEADS = ("", "CPU µs/request", "of relay", "requests/s", "p50 µs", "p99 µs", "RSS MB", "anonymous", "errors")
_STREAM_HEADS = ("", "CPU ms/GB", "of relay", "MB/s", "", "", "RSS MB", "anonymous", "errors")
_STEADY_HEADS = ("requests/s", "p50 µs", "p99 µs", "p99.9 µs", "errors")
_WIDTHS = (12, 15, 10, 12, 10, 10, 8, 11, 8)
_STEADY_WIDTHS = (12, 9, 9, 10, 7)


def lines(report: Report) -> Iterator[str]:
    yield from _machine(report)
    yield f"Builds: {', '.join(report.binaries.values())}"
    yield "Compare what stands in one run only."
    for case in dict.fromkeys(result.case for result in report.facts.results):
        yield ""
        yield from _case([result for result in report.facts.results if result.case == case])
    yield ""
    for memory in report.facts.memory:
        yield from _memory(memory)
    yield from _others(report.facts)
    yield f"Supervisor beside a program and its proxy: RSS {report.supervisor_mb:.1f} MB"
    yield ""
    yield from _goals(report.goals)


def _machine(report: Report) -> Iterator[str]:
    machine = report.machine
    yield f"{machine.cpu}, {machine.cores} cores, Linux {machine.kernel}"
    verdict = "quiet" if machine.quiet else f"BUSY (at most {QUIET:.0%} is quiet): these figures are not valid"
    before = f"load average {machine.load_average:.2f}, {machine.busy:.0%} of the cores in use"
    yield f"Before the start: {before}, {verdict}"
    yield f"Others on the proxies' core while they were measured: at most {report.foreign:.0%}"


def _case(results: Sequence[Result]) -> Iterator[str]:
    case = results[0].case
    steady = any(result.steady for result in results)
    yield f"{case} [{case.name}]{'; right: at a fixed rate' if steady else ''}"
    yield _row(_STREAM_HEADS if case.is_stream else _HEADS, _STEADY_HEADS if steady else ())
    relay = next((r.saturated for r in results if r.plane == RELAY), None)
    for result in results:
        yield _row(_cells(result, relay), _steady_cells(result))


def _cells(result: Result, relay: Summary | None) -> tuple[str, ...]:
    found = result.saturated
    return (
        result.plane,
        _number(found.cpu_us_per_request, 1),
        _number(cpu_ratio(found, relay), 2),
        _number(found.requests_per_s),
        _number(found.p50_us),
        _number(found.p99_us),
        _number(found.rss_mb, 1),
        _number(found.anonymous_mb, 1),
        str(found.errors),
    )


def _steady_cells(result: Result) -> tuple[str, ...]:
    if (steady := result.steady) is None:
        return ()
    quantiles = (_number(value) for value in (steady.p50_us, steady.p99_us, steady.p999_us))
    return (_number(result.steady_per_s), *quantiles, str(steady.errors))


def _row(cells: Sequence[str], steady: Sequence[str]) -> str:
    left = [cells[0].ljust(_WIDTHS[0]), *(c.rjust(w) for c, w in zip(cells[1:], _WIDTHS[1:], strict=True))]
    right = [c.rjust(w) for c, w in zip(steady, _STEADY_WIDTHS, strict=True)] if steady else []
    return "  ".join(["".join(left), "".join(right)]).rstrip()


def _memory(memory: Memory) -> Iterator[str]:
    yield (
        f"Memory, {memory.plane}: anonymous {memory.idle_mb:.1f} MB idle, {memory.busy_anonymous_mb:.1f} MB busy "
        f"(RSS {memory.busy_rss_mb:.1f} MB); for each further idle connection through the pair "
        f"{memory.http_kb:.1f} KB with HTTP, {_number(memory.opaque_kb, 1)} KB opaque"
    )
    if (burst := memory.burst) is not None:
        yield (
            f"  {burst.connections:,} connections at once: the pair's anonymous memory {burst.start_mb:.1f} MB at the "
            f"start, {burst.before_mb:.1f} MB before, {burst.after_mb:.1f} MB after: {burst.of_start:.2f} times the "
            f"start, {burst.of_before:.2f} times before"
        )
    if (churn := memory.churn) is not None:
        told = f"{churn.before_mb:.1f} MB after a quarter, {churn.after_mb:.1f} MB after all"
        yield f"  {churn.connections:,} connections one after another: the pair's anonymous memory {told}"


def _others(facts: Facts) -> Iterator[str]:
    for path in facts.paths:
        yield f"100 MB over a 20 ms path, {path.plane}: {path.mb_per_s:.0f} MB/s"
    if (start := facts.start) is not None:
        certificate = f"asks for its certificate after {start.asked_ms:.1f} ms, for {start.certificate_ms:.1f} ms"
        yield f"Proxy: ready after {start.ready_ms:.1f} ms; {certificate} (medians of {start.starts} starts)"
    if facts.binary_mb is not None:
        yield f"Binary without symbols: {facts.binary_mb:.1f} MB"
    if (plane := facts.control_plane) is not None:
        starts = f"median of {plane.starts} starts" if plane.starts > 1 else "one start"
        yield f"Control plane: ready after {plane.ready_s:.2f} s ({starts}), RSS {plane.rss_mb:.0f} MB"
    for result in facts.results:
        if (p50 := goals.added(result, _none(result, facts), lambda s: s.p50_us)) is not None and p50:
            p99 = goals.added(result, _none(result, facts), lambda s: s.p99_us)
            yield (
                f"Added to a lone request, {result.case.protocol.title}, {result.case.size} bytes, {result.plane}: "
                f"p50 {p50:.0f} µs, p99 {_number(p99)} µs"
            )


def _none(result: Result, facts: Facts) -> Result | None:
    if result.case.connections != 1:
        return None
    return next((r for r in facts.results if r.case == result.case and r.plane == "none"), None)


def _goals(judged: Sequence[Goal]) -> Iterator[str]:
    yield "Goals"
    for goal in judged:
        word, bound = "met" if goal.met else "MISSED", "at least" if goal.at_least else "at most "
        yield f"  {word:7} {goal.value:8.2f}, {bound} {goal.limit:6.2f}  {goal.what}"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
