"""Lines that Prometheus reads, read by its own parser's rules in ours."""

from hauberk.runtime.exposition import Histogram, family
from hauberk.telemetry.parse import Parser


def test_a_family_is_told_and_its_labels_are_escaped() -> None:
    odd = 'a "b"\\\n'
    lines = list(family("odd_total", "counter", "Odd ones.", [((("of", odd),), 2), ((), 1)]))
    assert lines[:2] == ["# HELP odd_total Odd ones.", "# TYPE odd_total counter"]
    labelled, plain = Parser().parse("\n".join(lines) + "\n")
    assert (dict(labelled.series.labels)["of"], labelled.value) == (odd, 2)
    assert (plain.series.name, plain.value) == ("odd_total", 1)


def test_a_histogram_counts_what_is_within_each_bound() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(seconds)
    lines = list(histogram.lines("took_seconds", "How long."))
    assert lines[2:] == [
        'took_seconds_bucket{le="0.1"} 2',
        'took_seconds_bucket{le="1.0"} 3',
        'took_seconds_bucket{le="+Inf"} 4',
        "took_seconds_sum 7.650000",
        "took_seconds_count 4",
    ]
