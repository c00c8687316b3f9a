"""A pattern that proxies cannot compile freezes their policy: none may be admitted."""

import pytest

from hauberk.model.regex import NotUnderstood, check


@pytest.mark.parametrize(
    "pattern",
    [
        "/a|/b",
        r"/users/\d+/\w+",
        "(?i)/api/.*",
        r"(?P<version>v[0-9]{1,3})/[^/]{1,255}",
        r"[\w.-]+@[a-z0-9-]{2,}(\.[a-z]+)?",
        "[]a]|[^]a]|a{2}?b{3,}",
        r"\/foo\-bar\x41\.\{id\}",
        ".{1,1000}",
    ],
)
def test_what_people_write_is_admitted(pattern: str) -> None:
    check(pattern)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "1 to 4096"),
        ("a" * 4097, "1 to 4096"),
        ("(", "not a regular expression"),
        ("*a", "not a regular expression"),
        ("/users/{id}", r"write \\{"),
        ("a{,3}", r"write \\{"),
        ("/a(?!b)", "a group"),
        ("(?<=a)b", "a group"),
        ("(?>a)b", "a group"),
        ("(?x)a b", "a group"),
        ("(?a)a", "a group"),
        (r"(a)\1", r"escape \\1"),
        (r"a\Z", r"escape \\Z"),
        (r"\0", r"escape \\0"),
        (r"\u0041", r"escape \\u"),
        (r"\<a", r"escape \\<"),
        (r"[\b]", r"escape \\b"),
        ("[[:alpha:]]", "between"),
        ("[a&&b]", "between"),
        ("a++", "possessive"),
        ("é", "ASCII"),
        ("(?:a{100}){100}", "too large"),
        (r"[acegikmoqsuwyACEGIKMOQSUWY02468]{1,900}", "too large"),
        ("(?:" * 60 + "a" + ")" * 60, "deep"),
    ],
)
def test_what_a_proxy_would_refuse_or_read_otherwise_is_refused_here(pattern: str, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        check(pattern)
