import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from aiohttp import web
from answering import Answer, an_api

from hauberk.client import transport
from hauberk.client.errors import Busy, Garbled, Gone, Misconfigured, NotFound, Unreachable
from hauberk.client.transport import Transport


def streaming(*pieces: bytes, stay: bool = False) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.01)
        if stay:
            await asyncio.Event().wait()
        return response

    return answer


async def batches(answer: Answer, *, silence_s: float = 5.0) -> list[list[bytes]]:
    async with (
        an_api(answer) as api,
        Transport(api.endpoint) as to,
        aclosing(to.batches("/x", query={}, silence_s=silence_s)) as found,
    ):
        return [batch async for batch in found]


async def test_lines_come_whole_however_they_were_cut() -> None:
    found = await batches(streaming(b'{"a"', b":1}\n\n{", b'"b":2}\n{"c":3}', b"\n"))
    assert found[0] == []
    assert [line for batch in found for line in batch] == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


async def test_a_first_batch_says_that_the_server_has_begun() -> None:
    async with (
        an_api(streaming(stay=True)) as api,
        Transport(api.endpoint) as to,
        aclosing(to.batches("/x", query={}, silence_s=5.0)) as found,
    ):
        assert await asyncio.wait_for(anext(found), 5) == []


async def test_a_stream_that_is_silent_ends() -> None:
    with pytest.raises(Unreachable, match=r"no answer in time|Timeout"):
        await batches(streaming(b'{"a":1}\n', stay=True), silence_s=0.2)


async def test_a_line_without_an_end_is_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_MAX_LINE_BYTES", 1000)
    with pytest.raises(Garbled, match="a line of more than 1000 bytes"):
        await batches(streaming(*[b"x" * 100] * 20, stay=True))


async def test_a_server_that_has_too_much_to_do_says_when_to_come_back() -> None:
    async def busy(request: web.Request) -> web.Response:
        del request
        return web.Response(status=429, text="Too many requests", headers={"Retry-After": "7"})

    async with an_api(busy) as api, Transport(api.endpoint) as to:
        with pytest.raises(Busy) as refused:
            await to.request("GET", "/x")
    assert refused.value.retry_after_s == 7


@pytest.mark.parametrize(("code", "kind"), [(404, NotFound), (410, Gone)])
async def test_an_answer_that_is_no_document_is_known_by_its_code(code: int, kind: type[Exception]) -> None:
    async def answer(request: web.Request) -> web.Response:
        del request
        return web.Response(status=code, text="404 page not found")

    async with an_api(answer) as api, Transport(api.endpoint) as to:
        with pytest.raises(kind):
            await to.read("/x")


async def fine(request: web.Request) -> web.Response:
    del request
    return web.json_response({"kind": "Fine"})


async def test_whoever_asks_is_said_anew_with_each_request() -> None:
    tokens = iter(["one", "two", ""])

    async def token() -> str:
        return next(tokens)

    async with an_api(fine) as api:
        endpoint = replace(api.endpoint, token=token, headers=(("Impersonate-User", "a"), ("Impersonate-Group", "g")))
        async with Transport(endpoint) as to:
            for _ in range(3):
                await to.request("GET", "/x")
    assert [asked.headers.get("authorization") for asked in api.asked] == ["Bearer one", "Bearer two", None]
    assert {asked.headers["impersonate-user"] for asked in api.asked} == {"a"}


async def test_a_token_that_is_missing_is_no_request() -> None:
    def token() -> str:
        raise Misconfigured("the token file /x is empty")

    async with an_api(fine) as api, Transport(replace(api.endpoint, token=token)) as to:
        with pytest.raises(Misconfigured):
            await to.request("GET", "/x")
    assert not api.asked


async def test_an_answer_comes_as_it_was_sent() -> None:
    async with an_api(fine) as api, Transport(api.endpoint) as to:
        assert await to.read("/x", query={"limit": "5"}) == b'{"kind": "Fine"}'
    assert api.asked[0].query == {"limit": "5"}


async def test_nobody_there_is_said_with_the_address() -> None:
    async with an_api(fine) as api:
        endpoint = api.endpoint
    async with Transport(endpoint) as to:
        with pytest.raises(Unreachable, match=rf"the API server does not answer \(looked at {endpoint.url}: .*kubectl"):
            await to.request("GET", "/x")
