"""Tables for the documentation, made of a bench.json and of nothing else."""

from collections.abc import Iterable, Iterator
from typing import Any

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
    yield from _row(_HEADS)
    yield from _row(["---"] * len(_HEADS))
    for case in dict.fromkeys(result["case"] for result in document["results"]):
        planes = {result["plane"]: result for result in document["results"] if result["case"] == case}
        stream = next(iter(planes.values()))["size"] == 0
        unit, scale = ("ms/GB", "MB/s") if stream else ("µs", "/s")
        relay, ours = (_cpu(planes.get(name)) for name in ("relay", "hauberk"))
        envoy = min(
            (cpu for n in planes if n.startswith(_ENVOY) and (cpu := _cpu(planes[n])) is not None), default=None
        )
        both = [planes.get(name) for name in ("relay", "hauberk")]
        yield from _row(
            [
                _title(next(iter(planes.values()))),
                _number(relay, 1, unit),
                f"{_number(ours, 1, unit)} ({_ratio(ours, relay)})",
                _number(envoy, 1, unit),
                _ratio(ours, envoy),
                _pair(result.get("added_p50_us") if result else None for result in both),
                _pair(result.get("added_p99_us") if result else None for result in both),
                _pair(result["steady"]["p999_us"] if result and result["steady"] else None for result in both),
                _pair((result["saturated"]["requests_per_s"] if result else None for result in both), scale),
            ]
        )


def _memory(document: Document) -> Iterator[str]:
    if not document["memory"]:
        return
    yield from _row(["plane", "anonymous MB idle", "busy", "RSS MB busy", "KB for each idle HTTP connection", "opaque"])
    yield from _row(["---"] * 6)
    for memory in document["memory"]:
        figures = (memory[key] for key in ("idle_mb", "busy_anonymous_mb", "busy_rss_mb", "http_kb", "opaque_kb"))
        yield from _row([memory["plane"], *(_number(figure, 1) for figure in figures)])
    yield ""


def _rest(document: Document) -> Iterator[str]:
    for memory in document["memory"]:
        for what, change in (("at once", memory["burst"]), ("one after another", memory["churn"])):
            if change is not None:
                yield (
                    f"- {memory['plane']}, {change['connections']:,} connections {what}: {change['before_mb']:.1f} MB "
                    f"before, {change['after_mb']:.1f} MB after (anonymous, both proxies)"
                )
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
    missed = [goal for goal in document["goals"] if not goal["met"]]
    yield f"{len(document['goals']) - len(missed)} of {len(document['goals'])} goals met."
    for goal in missed:
        bound = "at least" if goal["at_least"] else "at most"
        yield f"- **missed**: {goal['what']}: {goal['value']:.2f}, {bound} {goal['limit']:.2f}"


def _title(result: Document) -> str:
    size = result["size"]
    parts = [] if size == 0 else [f"{size} bytes" if size < 1024 else f"{size // 1024} KiB"]
    return ", ".join([result["protocol"], *parts, f"{result['connections']} conn."])


def _cpu(result: Document | None) -> float | None:
    return None if result is None else result["saturated"]["cpu_us_per_request"]


def _row(cells: Iterable[str]) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def _number(value: float | None, digits: int = 0, unit: str = "") -> str:
    return "" if value is None else f"{value:,.{digits}f} {unit}".rstrip()


def _ratio(value: float | None, by: float | None) -> str:
    return "" if value is None or not by else f"{value / by:.2f}"


def _pair(values: Iterable[float | None], unit: str = "") -> str:
    shown = [_number(value) or "-" for value in values]
    return "" if set(shown) == {"-"} else f"{', '.join(shown)} {unit}".rstrip()
