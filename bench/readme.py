"""The short table in README.md: what a bench.json says, between two lines that readers do not see."""

from collections.abc import Iterator, Mapping

from bench.markdown import Document, row

BEGIN, END = "<!-- bench: python -m bench --readme README.md -->", "<!-- /bench -->"
_HEADS = ("100 bytes, from program to program", "Hauberk", "the better Envoy pair")
_CPU = {
    "http1-100-50": "HTTP/1.1, 50 connections",
    "http1-100-8": "HTTP/1.1, 8 connections",
    "http1-100-1": "HTTP/1.1, one connection",
    "http2-100-50": "HTTP/2, 50 connections",
    "grpc-100-50": "gRPC unary, 50 connections",
    "tcp-1": "TCP stream, for each byte",
}
"""The cases that are shown, and what they are called."""
_ALONE = "http1-100-1"
_OURS, _YARDSTICK, _ENVOY = "hauberk", "relay", "envoy-"


class NotFit(Exception):
    """The file has no place for the table, or the run cannot fill it; the text says which."""


def placed(text: str, document: Document) -> str:
    """`text` with this run's table in the place of the one that is there. Raises NotFit."""
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end:
        raise NotFit(f"there is no place for the table: a line {BEGIN}, and further down a line {END}")
    if not document["machine"]["quiet"]:
        raise NotFit("the machine was busy when that run began: its figures are not valid")
    table = "".join(f"{line}\n" for line in lines(document))
    return f"{before}{begin}{table}{end}{after}"


def lines(document: Document) -> Iterator[str]:
    """Of two Envoys the better one counts, in each figure by itself. Raises NotFit if a figure was not measured."""
    yield from row(_HEADS)
    yield from row(["---"] * len(_HEADS))
    for case, title in _CPU.items():
        of_relay = {plane: result["cpu_of"].get(_YARDSTICK) for plane, result in _planes(document, case).items()}
        ours, envoy = _compared(f"CPU in {case}", of_relay)
        yield from row([title, f"**{ours:.2f}**" if ours < 1 else f"{ours:.2f}", f"{envoy:.2f}"])
    added = {plane: result.get("added_p50_us") for plane, result in _planes(document, _ALONE).items()}
    ours, envoy = _compared(f"latency added in {_ALONE}", added)
    relays = _known("latency that the relays add", added.get(_YARDSTICK))
    what = f"latency that a lone request gains (median, µs; the relays add {relays:.0f})"
    yield from row([what, f"{ours:.0f}", f"{envoy:.0f}"])
    yield from _memory({memory["plane"]: memory for memory in document["memory"]})


def _memory(planes: Mapping[str, Document]) -> Iterator[str]:
    idle, busy, each = (
        _compared(key, {plane: memory[key] for plane, memory in planes.items()})
        for key in ("idle_mb", "busy_anonymous_mb", "http_kb")
    )
    both = (f"{at_rest:.1f}, {loaded:.1f}" for at_rest, loaded in zip(idle, busy, strict=True))
    yield from row(["memory of a proxy: idle, busy with 50 connections (anonymous, MB)", *both])
    yield from row(["memory of a pair for each further idle HTTP connection (KB)", *(f"{kb:.1f}" for kb in each)])


def _planes(document: Document, case: str) -> dict[str, Document]:
    return {result["plane"]: result for result in document["results"] if result["case"] == case}


def _compared(what: str, figures: Mapping[str, float | None]) -> tuple[float, float]:
    """Ours, and that of the Envoy with less. Raises NotFit."""
    envoys = [figure for plane, figure in figures.items() if plane.startswith(_ENVOY) and figure is not None]
    return _known(f"{what}, Hauberk", figures.get(_OURS)), _known(f"{what}, Envoy", min(envoys, default=None))


def _known(what: str, figure: float | None) -> float:
    if figure is None:
        raise NotFit(f"that run did not measure everything that the table shows; missing: {what}")
    return figure
