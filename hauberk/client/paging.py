"""Reading a large collection page by page, as it was at one moment."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from hauberk.client.errors import Garbled, Gone

PAGE = 500
"""Objects that are asked for at once."""
_PAGES_MAX = 10_000
_ATTEMPTS = 3
"""At a listing whose later pages the server no longer has by the time that they are asked for."""

P = TypeVar("P")

_log = logging.getLogger(__name__)


async def all_pages(
    ask: Callable[[Mapping[str, str]], Awaitable[P]], query: Mapping[str, str], following: Callable[[P], str]
) -> list[P]:
    """Ask until there is no more; `following` is the token with which a page names the next one, or an empty text.

    Raises ApiError; Gone only if the pages have gone again and again while they were read.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        pages: list[P] = []
        try:
            await _read(ask, {**query, "limit": str(PAGE)}, following, pages)
        except Gone:
            if not pages or attempt == _ATTEMPTS:
                raise
            _log.info("the listing that was begun is no longer kept: beginning anew")
        else:
            return pages
    raise AssertionError("the last attempt returns or raises")


async def _read(
    ask: Callable[[Mapping[str, str]], Awaitable[P]],
    query: Mapping[str, str],
    following: Callable[[P], str],
    pages: list[P],
) -> None:
    asked = query
    while len(pages) < _PAGES_MAX:
        pages.append(await ask(asked))
        token = following(pages[-1])
        if not token:
            return
        asked = {**query, "continue": token}
    raise Garbled(f"a listing has more than {_PAGES_MAX} pages")
