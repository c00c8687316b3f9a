from hypothesis import given
from hypothesis import strategies as st

from hauberk.telemetry.parse import Parser

PAGE = """\
# HELP response_total Total count of HTTP responses.
# TYPE response_total counter
response_total{direction="outbound",status_code="200"} 12
response_total{direction="outbound",status_code="503"} 3 1700000000000
process_threads 4
latency_bucket{le="0.00005"} 1 # {trace_id="a b"} 0.00004
latency_bucket{le="+Inf"} 2
broken{le="0.1" 7
no_number{a="b"} many
# EOF
"""


def test_samples_keep_name_labels_and_value_in_the_order_of_the_page() -> None:
    samples = Parser().parse(PAGE)
    assert [(s.series.name, dict(s.series.labels), s.value) for s in samples] == [
        ("response_total", {"direction": "outbound", "status_code": "200"}, 12.0),
        ("response_total", {"direction": "outbound", "status_code": "503"}, 3.0),
        ("process_threads", {}, 4.0),
        ("latency_bucket", {"le": "0.00005"}, 1.0),
        ("latency_bucket", {"le": "+Inf"}, 2.0),
    ]


def test_only_the_families_asked_for_are_read() -> None:
    assert [s.series.name for s in Parser({"process_threads"}).parse(PAGE)] == ["process_threads"]


def test_the_same_series_is_the_same_object_at_the_next_reading() -> None:
    parser = Parser()
    assert parser.parse(PAGE)[0].series is parser.parse(PAGE)[0].series


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), st.text(max_size=20), max_size=4))
def test_label_values_survive_escaping(labels: dict[str, str]) -> None:
    escaped = {k: v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for k, v in labels.items()}
    line = "family{" + ",".join(f'{k}="{v}"' for k, v in escaped.items()) + "} 1.5\n"
    (sample,) = Parser().parse(line)
    assert dict(sample.series.labels) == labels
    assert sample.value == 1.5


@given(st.text(max_size=300))
def test_no_text_at_all_makes_the_parser_fail(text: str) -> None:
    Parser().parse(text)


def test_a_page_of_unfinished_lines_is_read_in_one_go() -> None:
    # Where each line is read to the end of the page, this takes hours.
    assert not Parser().parse('a{b="\n' * 200_000)
    assert [sample.value for sample in Parser().parse('a{b="\nc{d="e"} 1\n')] == [1.0]
