"""The values of annotations: the plainest form of what makes sense, a reason for what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.sidecar import syntax
from hauberk.sidecar.additional import additional, variables
from hauberk.sidecar.duration import duration
from hauberk.sidecar.quantity import amount, cores


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", ""),
        ("80", "80"),
        (" 443, 80 ,80", "80,443"),
        ("90-95,80,92-100", "80,90-100"),
        ("1-65535,1-65535", "1-65535"),
        ("0080", "80"),
    ],
)
def test_lists_of_ports_are_in_order_and_say_nothing_twice(text: str, plain: str) -> None:
    assert syntax.ports(text) == plain


@pytest.mark.parametrize(
    "text", ["0", "65536", "a", "90-80", "80-", "-80", "1-2-3", "٣", "+80", "8 0", "80;81", "99999999999"]
)
def test_other_lists_of_ports_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="port"):
        syntax.ports(text)


@given(st.lists(st.tuples(st.integers(1, 65535), st.integers(0, 2000)), max_size=50))
def test_the_plainest_form_of_a_list_means_the_same_ports(ranges: list[tuple[int, int]]) -> None:
    written = [(low, min(65535, low + more)) for low, more in ranges]
    plain = syntax.ports(",".join(f"{low}-{high}" for low, high in written))
    read = [(int(part.split("-")[0]), int(part.split("-")[-1])) for part in plain.split(",") if part]
    assert {p for low, high in read for p in range(low, high + 1)} == {
        p for low, high in written for p in range(low, high + 1)
    }
    assert sum(high - low + 1 for low, high in read) <= 65535
    assert syntax.ports(plain) == plain


def test_names_of_ports_come_after_numbers() -> None:
    assert syntax.ports_or_names("mysql,3306,redis,mysql,80-81") == "80-81,3306,mysql,redis"
    for wrong in ("MySQL", "a_b", "averylongnameofaport", "-a"):
        with pytest.raises(ValueError, match="neither a port"):
            syntax.ports_or_names(wrong)


def test_networks_are_written_with_their_prefix() -> None:
    assert syntax.networks("10.1.2.3/8, fd00::1,10.0.0.0/8") == "10.0.0.0/8,fd00::1/128"
    assert syntax.networks("") == ""
    for wrong in ("10.0.0.0/33", "example.com", "10.0.0.0/8;"):
        with pytest.raises(ValueError, match="neither a network"):
            syntax.networks(wrong)
    assert len(syntax.networks(",".join(f"10.0.0.{n}" for n in range(256))).split(",")) == 256, "neighbours are one"
    with pytest.raises(ValueError, match="more than 100 networks"):
        syntax.networks(",".join(f"10.{n}.0.1" for n in range(101)))


def test_a_redirect_takes_a_hundred_ranges() -> None:
    assert syntax.few_ports("25,4000-4010") == "25,4000-4010"
    assert len(syntax.few_ports(",".join(map(str, range(1, 1000)))).split(",")) == 999, "neighbours are one"
    assert syntax.few_ports(",".join(map(str, range(1, 201, 2))))
    with pytest.raises(ValueError, match="more than 100 separate ranges"):
        syntax.few_ports(",".join(map(str, range(1, 203, 2))))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0", "0"),
        ("500ms", "500ms"),
        ("1h", "1h"),
        ("365d", "365d"),
        ("1m30s", "90000ms"),
        ("1.5s", "1500ms"),
        ("100us", "1ms"),
        ("0.25s", "250ms"),
    ],
)
def test_durations_are_the_proxys_or_gos(text: str, plain: str) -> None:
    assert duration(text) == plain


@pytest.mark.parametrize("text", ["", "10", "1.5", "s", "-1s", "1 s", "1s ", "999999999d", "1w", "1d12h"])
def test_other_durations_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration|longer"):
        duration(text)


def test_amounts_are_kubernetes() -> None:
    assert [amount(text) for text in ("100m", "1", "1.5", "1Ki", "2M", "1e3", "1E")] == [
        amount("0.1"),
        1,
        amount("1500m"),
        1024,
        2_000_000,
        1000,
        10**18,
    ]
    for wrong in ("", "1MB", "-1", "Mi", "1 Mi", "1e999", "٣", "1.", "0x1"):
        with pytest.raises(ValueError, match="not an amount"):
            amount(wrong)
    assert (cores("0"), cores("1001m")) == (1, 2)


@pytest.mark.parametrize("text", ["0", "1.1", "-0.5", "half", "", "1e-3", "0.0"])
def test_a_part_is_above_nothing_and_up_to_all(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        syntax.ratio(text)
    assert syntax.ratio("0.5") == "0.5"


@pytest.mark.parametrize("text", ["", "a b", "a\nb", "$(X)", "-x", "a" * 600, "ä"])
def test_an_image_has_a_name_that_can_be_pulled(text: str) -> None:
    with pytest.raises(ValueError, match="not the name of an image"):
        syntax.image(text)
    assert syntax.image("localhost:5000/a/b@sha256:00") == "localhost:5000/a/b@sha256:00"


def test_numbers_have_bounds() -> None:
    check = syntax.number(-1, 10)
    assert (check("-1"), check("007")) == ("-1", "7")
    for wrong in ("11", "-2", "", "-", "1.0", "٣", "99999999999999"):
        with pytest.raises(ValueError, match="whole number from -1 to 10"):
            check(wrong)


def test_variables_are_added_by_value_or_by_where_it_is() -> None:
    text = '[{"name": "A", "value": "b"}, {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]'
    assert [variable.name for variable in variables(text)] == ["A", "N"]
    assert additional(additional(text)) == additional(text)
    assert additional(" ") == ""


@pytest.mark.parametrize(
    "text",
    [
        "A=b",
        "{}",
        '[{"value": "b"}]',
        '[{"name": "A=B"}]',
        '[{"name": ""}]',
        '[{"name": "A", "values": "b"}]',
        '[{"name": "A", "value": 1}]',
        '[{"name": "A", "valueFrom": {}}]',
        '[{"name": "A", "valueFrom": {"file": {}}}]',
        '[{"name": "A", "value": "b", "valueFrom": {"fieldRef": {}}}]',
        "[" + ",".join(['{"name": "A"}'] * 257) + "]",
        "[" * 100_000,
    ],
)
def test_other_lists_of_variables_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        variables(text)
