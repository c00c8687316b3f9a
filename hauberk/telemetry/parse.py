"""The Prometheus and OpenMetrics text formats, as far as counters, gauges and histograms need them.

A proxy's page has thousands of lines whose left halves never change, so the parsed left halves are kept: reading a page
again costs one look-up and one float per line.
"""

import re
from collections.abc import Collection

from hauberk.telemetry.sample import Sample, Series

# The value is followed by nothing, a time stamp or an exemplar; neither is of use here. No part goes on in another
# line: a page of unfinished lines must not be read again from each of them.
_LINE = re.compile(r'^([a-zA-Z_:][\w:]*(?:\{(?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*\})?)[ \t]+(\S+)', re.MULTILINE)
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")

SERIES_KEPT_MAX = 200_000
"""How many parsed series a parser keeps before it starts afresh."""


class Parser:
    """Reads pages of metrics. One parser serves many proxies; it is not shared between threads."""

    def __init__(self, families: Collection[str] | None = None) -> None:
        """`families`: the names wanted (as written, so `x_bucket`, not `x`); None wants all."""
        self._families = None if families is None else frozenset(families)
        self._series: dict[str, Series | None] = {}

    def parse(self, text: str) -> list[Sample]:
        """The samples of a page, in its order. Lines that are not samples are passed over, as Prometheus asks."""
        if len(self._series) > SERIES_KEPT_MAX:
            self._series.clear()
        samples: list[Sample] = []
        for key, number in _LINE.findall(text):
            series = self._series[key] if key in self._series else self._read(key)
            if series is None:
                continue
            try:
                samples.append(Sample(series, float(number)))
            except ValueError:
                continue
        return samples

    def _read(self, key: str) -> Series | None:
        name, _, rest = key.partition("{")
        series = None
        if self._families is None or name in self._families:
            labels = {k: _unescape(v) for k, v in _LABEL.findall(rest)}
            series = Series(key=key, name=name, labels=labels)
        self._series[key] = series
        return series


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
