"""Tables for the documentation, made of a bench.json and of nothing else."""

from collections.abc import Iterable, Iterator
from typing import Any

from bench import verdict

Document = dict[str, Any]
_ENVOY = "envoy-"
_HEADS = (
    "case",
    "relay, CPU",
    "Hauberk, CPU (of relay)",
    "better Envoy, CPU",
    "Hauberk of Envoy",
    "p50 added alone: relay, Hauberk, µs",
    "p99 added alone",
    "p99.9 at half load: relay, Hauberk, µs",
    "rate: relay, Hauberk",
)


def lines(document: Document) -> Iterator[str]:
    """The machine, the traffic, everything else, and each goal that the run missed."""
    yield from _head(document)
    yield ""
    yield from _traffic(document)
    yield ""
    yield from _memory(document)
    yield from _rest(document)
    yield ""
    yield from _goals(document)


def row(cells: Iterable[str]) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def _head(document: Document) -> Iterator[str]:
    machine = document["machine"]
    if not machine["quiet"]:
        yield f"**Not valid: {machine['busy']:.0%} of the machine's cores were busy before the start.**"
        yield ""
    yield (
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; others took at most "
        f"{machine['foreign']:.0%} of the proxies' core. Proxy: `{document['binaries']['proxy']}`."
    )


def _traffic(document: Document) -> Iterator[str]:
    """One row for each case: CPU of the pair (of the relay's), then what it is to be compared with."""
    yield from row(_HEADS)
    yield from row(["---"] * len(_HEADS))
    for case in dict.fromkeys(result["case"] for result in document["results"]):
        planes = {result["plane"]: result for result in document["results"] if result["case"] == case}
        stream = next(iter(planes.values()))["size"] == 0
        unit, scale = ("ms/GB", "MB/s") if stream else ("µs", "/s")
        ours = planes.get("hauberk")
        cpu = {name: used for name, result in planes.items() if (used := _cpu(result)) is not None}
        envoy = min((name for name in cpu if name.startswith(_ENVOY)), key=cpu.__getitem__, default="")
        both = [planes.get(name) for name in ("relay", "hauberk")]
        yield from row(
            [
                _title(next(iter(planes.values()))),
                _number(cpu.get("relay"), 1, unit),
                f"{_number(cpu.get('hauberk'), 1, unit)} ({_cpu_of(ours, 'relay')})",
                _number(cpu.get(envoy), 1, unit),
                _cpu_of(ours, envoy),
                _pair(result.get("added_p50_us") if result else None for result in both),
                _pair(result.get("added_p99_us") if result else None for result in both),
                _pair(result["steady"]["p999_us"] if result and result["steady"] else None for result in both),
                _pair((result["saturated"]["requests_per_s"] if result else None for result in both), scale),
            ]
        )


def _memory(document: Document) -> Iterator[str]:
    if not document["memory"]:
        return
    yield from row(["plane", "anonymous MB idle", "busy", "RSS MB busy", "KB for each idle HTTP connection", "opaque"])
    yield from row(["---"] * 6)
    for memory in document["memory"]:
        figures = (memory[key] for key in ("idle_mb", "busy_anonymous_mb", "busy_rss_mb", "http_kb", "opaque_kb"))
        yield from row([memory["plane"], *(_number(figure, 1) for figure in figures)])
    yield ""


def _changes(memory: Document) -> Iterator[str]:
    """What many connections left in the memory of the pair."""
    if (burst := memory["burst"]) is not None:
        yield (
            f"- {memory['plane']}, {burst['connections']:,} connections at once: {burst['start_mb']:.1f} MB at the "
            f"start, {burst['before_mb']:.1f} MB before, {burst['after_mb']:.1f} MB after (anonymous, both proxies)"
        )
    if (churn := memory["churn"]) is not None:
        yield (
            f"- {memory['plane']}, {churn['connections']:,} connections one after another: {churn['before_mb']:.1f} MB "
            f"after a quarter, {churn['after_mb']:.1f} MB after all (anonymous, both proxies)"
        )


def _rest(document: Document) -> Iterator[str]:
    for memory in document["memory"]:
        yield from _changes(memory)
    for path in document["paths"]:
        yield f"- 100 MB over a 20 ms path, {path['plane']}: {path['mb_per_s']:.0f} MB/s"
    if (start := document["start"]) is not None:
        certificate = f"{start['certificate_ms']:.1f} ms that the certificate took"
        yield f"- ready {start['beyond_ms']:.1f} ms after the start, beyond {certificate}"
    if document["binary_mb"] is not None:
        yield f"- binary: {document['binary_mb']:.1f} MB"
    if (plane := document["control_plane"]) is not None:
        yield f"- control plane: ready after {plane['ready_s']:.2f} s, {plane['rss_mb']:.0f} MB"


def _goals(document: Document) -> Iterator[str]:
    missed = verdict.missed(document)
    yield f"{len(document['goals']) - len(missed)} of {len(document['goals'])} goals met."
    for told in missed:
        yield f"- **missed**: {told}"


def _title(result: Document) -> str:
    size = result["size"]
    parts = [] if size == 0 else [f"{size} bytes" if size < 1024 else f"{size // 1024} KiB"]
    return ", ".join([result["protocol"], *parts, f"{result['connections']} conn."])


def _cpu(result: Document) -> float | None:
    used: float | None = result["saturated"]["cpu_us_per_request"]
    return used


def _cpu_of(result: Document | None, plane: str) -> str:
    """As a multiple of that of another plane."""
    return "" if result is None else _number(result["cpu_of"].get(plane), 2)


def _number(value: float | None, digits: int = 0, unit: str = "") -> str:
    return "" if value is None else f"{value:,.{digits}f} {unit}".rstrip()


def _pair(values: Iterable[float | None], unit: str = "") -> str:
    shown = [_number(value) or "-" for value in values]
    return "" if set(shown) == {"-"} else f"{', '.join(shown)} {unit}".rstrip()
