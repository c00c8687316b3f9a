"""Documents from the web, by a real server on this machine."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from answering import an_api

from hauberk.client import fetching
from hauberk.client.fetching import FetchFailed, fetch, is_address, shown

MOST = 1000


async def document(_: web.Request) -> web.Response:
    return web.Response(text="kind: Pod")


async def missing(_: web.Request) -> web.Response:
    return web.Response(status=404)


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b"x" * 512)


async def silent(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def around(request: web.Request) -> web.Response:
    raise web.HTTPFound(request.path)


async def moved(request: web.Request) -> web.Response:
    if request.path == "/there":
        return await document(request)
    raise web.HTTPMovedPermanently("/there")


async def test_what_is_there_comes_also_from_where_it_moved_to() -> None:
    async with an_api(moved) as api:
        assert await fetch(f"{api.url}/here", most=MOST) == b"kind: Pod"
    assert [asked.path for asked in api.asked] == ["/here", "/there"]


async def test_no_more_is_read_than_is_wanted() -> None:
    async with an_api(endless) as api:
        assert await fetch(api.url, most=MOST) == b"x" * MOST


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (missing, "the server answers 404"),
        (silent, "did not come within 0.2 s"),
        (around, "leads on more than 5 times"),
    ],
)
async def test_what_cannot_be_had_is_told_without_what_may_be_secret(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], why: str
) -> None:
    async with an_api(answer) as api:
        url = api.url.replace("http://", "http://me:password@") + "/file?token=secret"
        with pytest.raises(FetchFailed, match=why) as told:
            await fetch(url, most=MOST, timeout_s=0.2)
    assert f"{api.url}/file" in str(told.value)
    assert "password" not in str(told.value)
    assert "secret" not in str(told.value)


async def test_nobody_leads_from_a_safe_place_to_an_unsafe_one() -> None:
    with pytest.raises(FetchFailed, match="from https to http"):
        fetching.check_hops("https://a.example/x", ["https", "http"])
    fetching.check_hops("http://a.example/x", ["http", "https"])


async def test_nobody_there_is_told() -> None:
    async with an_api(document) as api:
        url = api.url
    with pytest.raises(FetchFailed, match="cannot be fetched"):
        await fetch(url, most=MOST)


@pytest.mark.parametrize(
    ("text", "is_one"), [("HTTPS://a/b", True), ("http://a", True), ("ftp://a", False), ("a/b", False)]
)
def test_only_the_web_has_addresses(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one


def test_an_address_is_shown_without_password_and_query() -> None:
    assert shown("https://me:word@a.example:8443/b?key=1#c") == "https://a.example:8443/b"
