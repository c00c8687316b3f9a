"""`--set` in Helm's words."""

import pytest

from hauberk.install.setting import SetInvalid, assignment_of_file, assignments


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b", [(("a",), "b")]),
        ("a.b.c=d", [(("a", "b", "c"), "d")]),
        ("a=1,b=2", [(("a",), "1"), (("b",), "2")]),
        ("a=", [(("a",), "")]),
        ("a=,b=1", [(("a",), ""), (("b",), "1")]),
        ("a=b=c", [(("a",), "b=c")]),
        (r"a=b\,c", [(("a",), "b,c")]),
        (r"a\.b/c=d", [(("a.b/c",), "d")]),
        (r"a=b\\c", [(("a",), r"b\c")]),
        ("a={x,y}", [(("a",), ("x", "y"))]),
        ("a={}", [(("a",), ())]),
        (r"a={x\,y,z}", [(("a",), ("x,y", "z"))]),
        ("a[0]=x,a[1].b=y", [(("a", 0), "x"), (("a", 1, "b"), "y")]),
        ("a[0][1]=x", [(("a", 0, 1), "x")]),
        ("log=[{headers}]=off", [(("log",), "[{headers}]=off")]),
        ("a=b,", [(("a",), "b")]),
    ],
)
def test_places_and_values(text: str, found: list[tuple[object, object]]) -> None:
    assert [(each.path, each.value) for each in assignments(text)] == found


@pytest.mark.parametrize("text", ["a", "=b", "a..b=c", "a[x]=1", "a[0=1", "a[99999]=1", ".a=1", "a=" + "x" * 70_000])
def test_what_cannot_be_understood_is_shown(text: str) -> None:
    with pytest.raises(SetInvalid) as told:
        assignments(text)
    assert repr(text)[1:9] in str(told.value)
    assert len(str(told.value)) < 200


def test_a_file_is_named_behind_its_place() -> None:
    place, file = assignment_of_file("proxy.opaquePorts=some,file.txt")
    assert (place.path, place.is_plain, file) == (("proxy", "opaquePorts"), False, "some,file.txt")


def test_a_place_is_written_as_it_is_read() -> None:
    assert [str(each) for each in assignments("a.b[1].c=x")] == ["a.b[1].c"]
