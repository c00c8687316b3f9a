from collections.abc import Mapping

import pytest

from hauberk.client.errors import Gone
from hauberk.client.paging import all_pages


class Book:
    """Answers page by page; a page is its number and the token of the next."""

    def __init__(self, pages: int, *, gone_at: dict[int, int] | None = None) -> None:
        self.pages = pages
        self.gone_at = gone_at or {}
        self.asked: list[Mapping[str, str]] = []

    async def ask(self, query: Mapping[str, str]) -> tuple[int, str]:
        self.asked.append(query)
        if len(self.asked) in self.gone_at:
            raise Gone("the token is too old")
        number = int(query.get("continue", "0"))
        return number, str(number + 1) if number + 1 < self.pages else ""

    async def read(self) -> list[int]:
        return [number for number, _ in await all_pages(self.ask, {"labelSelector": "a"}, lambda page: page[1])]


async def test_pages_follow_each_other_under_one_question() -> None:
    book = Book(3)
    assert await book.read() == [0, 1, 2]
    assert [(each["labelSelector"], each["limit"], each.get("continue")) for each in book.asked] == [
        ("a", "500", None),
        ("a", "500", "1"),
        ("a", "500", "2"),
    ]


async def test_a_listing_whose_rest_is_gone_begins_anew() -> None:
    book = Book(3, gone_at={2: 1})
    assert await book.read() == [0, 1, 2]
    assert [each.get("continue") for each in book.asked] == [None, "1", None, "1", "2"]


async def test_it_gives_up_when_that_happens_again_and_again() -> None:
    book = Book(3, gone_at=dict.fromkeys((2, 4, 6), 1))
    with pytest.raises(Gone):
        await book.read()
    assert len(book.asked) == 6


async def test_a_first_page_that_is_gone_is_no_beginning() -> None:
    with pytest.raises(Gone):
        await Book(1, gone_at={1: 1}).read()
