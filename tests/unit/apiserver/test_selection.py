import pytest

from hauberk.apiserver.selection import SelectorInvalid, parse_selection


@pytest.mark.parametrize(
    ("selector", "accepted", "refused"),
    [
        ("", {}, None),
        ("app=web", {"app": "web"}, {"app": "api"}),
        ("app==web", {"app": "web"}, {}),
        ("app!=web", {}, {"app": "web"}),
        ("app in (web, api)", {"app": "api"}, {"app": "db"}),
        ("app notin (web,api)", {}, {"app": "api"}),
        ("app", {"app": ""}, {}),
        ("!app", {}, {"app": "web"}),
        ("app=web,tier!=back, !old", {"app": "web", "tier": "front"}, {"app": "web", "old": "yes"}),
        ("example.com/team=a", {"example.com/team": "a"}, {"team": "a"}),
        ("app=", {"app": ""}, {"app": "x"}),
        ("in in (in)", {"in": "in"}, {}),
    ],
)
def test_a_label_selector_accepts_what_it_says(
    selector: str, accepted: dict[str, str], refused: dict[str, str] | None
) -> None:
    selection = parse_selection(selector, "")
    assert selection.accepts(name="n", namespace="ns", labels=accepted)
    if refused is not None:
        assert not selection.accepts(name="n", namespace="ns", labels=refused)


@pytest.mark.parametrize(
    "selector",
    [
        "=",
        "a=b,",
        ",a",
        "a in b",
        "a in (b",
        "a ~ b",
        "a=b=c",
        "!",
        "a b",
        "a" * 5000,
        "a>1",
        "a in (b c)",
        "a in (b" + ", " * 60 + "!",
    ],
)
def test_a_label_selector_that_cannot_be_understood_is_refused(selector: str) -> None:
    with pytest.raises(SelectorInvalid):
        parse_selection(selector, "")


def test_fields_are_selected_by_name_and_namespace() -> None:
    selection = parse_selection("", "metadata.name=web,metadata.namespace==prod")
    assert selection.accepts(name="web", namespace="prod", labels={})
    assert not selection.accepts(name="web", namespace="test", labels={})
    assert not selection.accepts(name="api", namespace="prod", labels={})
    assert not parse_selection("", "metadata.name!=web").accepts(name="web", namespace="", labels={})


@pytest.mark.parametrize(
    "selector", ["status.phase=Running", "metadata.name", "metadata.namespace!=a", "metadata.name=a,metadata.name=b"]
)
def test_a_field_that_cannot_be_selected_by_is_refused(selector: str) -> None:
    with pytest.raises(SelectorInvalid):
        parse_selection("", selector)


def test_only_no_selector_selects_everything() -> None:
    assert parse_selection("", "").everything
    assert not parse_selection("a", "").everything
    assert not parse_selection("", "metadata.name!=a").everything
